#pragma once

#include "base/time.hpp"

namespace sevenstops::load {

using base::Clock;

/// Where the time comes from: the clock, or a test that makes hours pass at once.
class TimeSource {
 public:
  TimeSource() = default;
  virtual ~TimeSource() = default;
  TimeSource(const TimeSource&) = delete;
  TimeSource& operator=(const TimeSource&) = delete;

  [[nodiscard]] virtual Clock::time_point now() const = 0;
};

/// The core's one clock.
class SteadyTime final : public TimeSource {
 public:
  [[nodiscard]] Clock::time_point now() const override { return Clock::now(); }
};

/// One for all.
inline const SteadyTime steady_time;

}  // namespace sevenstops::load
