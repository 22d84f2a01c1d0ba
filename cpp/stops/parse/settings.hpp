#pragma once

#include <cstdint>

namespace sevenstops {

/// Parse: what a request may cost before it is refused.
struct ParseSettings {
  std::int64_t request_line_limit = 8192;
  std::int64_t header_limit = 16384;
  std::int64_t header_count = 100;
  std::int64_t body_limit = 1 << 20;
  bool check_before_buffering = true;
  double head_timeout = 10.0;
  double body_timeout = 10.0;
  double idle_timeout = 15.0;

  bool operator==(const ParseSettings&) const = default;
};

}  // namespace sevenstops
