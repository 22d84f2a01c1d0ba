#pragma once

#include <cstdint>

namespace sevenstops {

/// Accept: how new connections leave the kernel's queue.
struct AcceptSettings {
  std::int64_t backlog = 4096;
  bool drain_queue = true;
  bool reuse_port = true;
  std::int64_t max_connections = 20000;

  bool operator==(const AcceptSettings&) const = default;
};

}  // namespace sevenstops
