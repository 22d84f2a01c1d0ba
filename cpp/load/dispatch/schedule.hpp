#pragma once

#include "base/time.hpp"
#include "load/plan/plan.hpp"

namespace sevenstops::load {

using base::Clock;

/// The moments of one load: warm-up, then what is recorded, then the cool-down.
struct Schedule {
  Schedule(const Plan& plan, Clock::time_point start_time)
      : start(start_time),
        record_from(start + base::seconds(plan.warm_up)),
        end(start + base::seconds(plan.duration())),
        give_up(end + base::seconds(plan.cool_down)) {}

  Clock::time_point start;
  /// Requests intended earlier belong to the warm-up.
  Clock::time_point record_from;
  /// No request is intended at this moment or later.
  Clock::time_point end;
  /// What has no answer by now is lost.
  Clock::time_point give_up;

  [[nodiscard]] double since_start(Clock::time_point when) const {
    return base::in_seconds(when - start);
  }
};

}  // namespace sevenstops::load
