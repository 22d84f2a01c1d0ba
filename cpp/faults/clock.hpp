#pragma once

#include <algorithm>
#include <atomic>
#include <optional>

#include "base/time.hpp"

namespace sevenstops::faults {

/// When the faults of a service began: one clock, read by all of its threads. Faults that depend on
/// time count from it, so that all of them see the same time.
class FaultClock {
 public:
  /// Begun already, or `held` until `begin`.
  explicit FaultClock(bool held = false)
      : began_(held ? not_begun : base::Clock::now().time_since_epoch().count()) {}

  /// False, and nothing changes, where they have begun already.
  [[nodiscard]] bool begin(base::Clock::time_point now = base::Clock::now()) {
    auto expected = not_begun;
    return began_.compare_exchange_strong(expected, now.time_since_epoch().count());
  }

  /// How long ago they began; nothing while they are held.
  [[nodiscard]] std::optional<base::Clock::duration> elapsed(base::Clock::time_point now) const {
    const auto began = began_.load();
    if (began == not_begun) {
      return std::nullopt;
    }
    // Another thread may have begun them after `now` was read.
    return std::max(base::Clock::duration{}, now.time_since_epoch() - base::Clock::duration(began));
  }

 private:
  static constexpr base::Clock::rep not_begun = base::Clock::duration::min().count();

  std::atomic<base::Clock::rep> began_;
};

}  // namespace sevenstops::faults
