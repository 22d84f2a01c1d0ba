#pragma once

#include "base/time.hpp"
#include "stops/parse/settings.hpp"

namespace sevenstops::stops::limits {

/// Far apart, so that a deadline tells which of them it came from.
inline const ParseSettings early = {.request_line_limit = 64,
                                    .header_limit = 256,
                                    .header_count = 3,
                                    .body_limit = 8,
                                    .head_timeout = 100,
                                    .body_timeout = 1000,
                                    .idle_timeout = 10};

/// The same limits, asked last.
inline const ParseSettings late = [] {
  auto changed = early;
  changed.check_before_buffering = false;
  return changed;
}();

/// Seconds from now until a deadline, to the next ten.
inline int seconds_left(base::Clock::time_point deadline) {
  return static_cast<int>(base::in_seconds(deadline - base::Clock::now()) / 10 + 0.99) * 10;
}

}  // namespace sevenstops::stops::limits
