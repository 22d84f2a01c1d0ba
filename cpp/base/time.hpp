#pragma once

#include <chrono>

namespace sevenstops::base {

/// The one clock of the core: it never goes back (steady_clock, CLOCK_MONOTONIC).
using Clock = std::chrono::steady_clock;

/// A number of seconds as a duration of the clock.
[[nodiscard]] inline Clock::duration seconds(double s) {
  return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(s));
}

/// A duration of the clock as seconds.
[[nodiscard]] inline double in_seconds(Clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace sevenstops::base
