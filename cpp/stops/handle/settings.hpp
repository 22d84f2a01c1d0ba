#pragma once

#include <cstdint>

namespace sevenstops {

/// Handle: how long a handler may wait, and where blocking work runs.
struct HandleSettings {
  bool propagate_deadline = true;
  double deadline = 0.3;
  double hop_timeout = 0.3;
  std::int64_t hops_below = 1;
  std::int64_t workers = 2;
  std::int64_t queue_limit = 256;

  bool operator==(const HandleSettings&) const = default;
};

}  // namespace sevenstops
