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
  bool off_loop = true;
  double queue_time = 0.02;
  bool cancel = true;
  std::int64_t hedges = 2;
  double hedge_quantile = 0;
  double hedge_budget = 0.05;
  bool pool_per_dependency = true;
  std::int64_t pool_limit = 256;
  double pool_idle_timeout = 5;
  double hedge_delay = 0;
  bool tied = false;
  double attempt_timeout = 0;
  std::int64_t retries = 2;
  double retry_budget = 0.1;
  double retry_pause = 0.01;
  bool retry_jitter = true;
  double breaker_share = 0.5;
  double breaker_pause = 0.25;
  bool partial = true;
  double optional_share = 0.5;

  bool operator==(const HandleSettings&) const = default;
};

}  // namespace sevenstops
