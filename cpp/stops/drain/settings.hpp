#pragma once

#include <cstdint>

namespace sevenstops {

/// Drain: how bytes leave at the client's pace.
struct DrainSettings {
  bool await_writes = true;
  std::int64_t high_water = 65536;
  double write_timeout = 30.0;
  double linger_timeout = 1.0;
  std::int64_t send_buffer = 65536;
  bool server_timing = false;

  bool operator==(const DrainSettings&) const = default;
};

}  // namespace sevenstops
