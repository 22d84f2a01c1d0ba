#pragma once

#include <chrono>

namespace sevenstops {

/// Fault: no connection is taken for the first `stall` of every `period`; everything else runs on.
struct StalledAcceptor {
  std::chrono::duration<double> stall{0};
  std::chrono::duration<double> period{1};

  /// How long a connection that could be taken now has to wait.
  template <class TimePoint>
  [[nodiscard]] std::chrono::duration<double> wait(TimePoint start, TimePoint now) const {
    if (stall.count() <= 0) {
      return std::chrono::duration<double>{0};
    }
    const std::chrono::duration<double> since = now - start;
    const auto cycles = static_cast<long long>(since / period);
    const auto phase = since - period * cycles;
    return phase < stall ? stall - phase : std::chrono::duration<double>{0};
  }
};

}  // namespace sevenstops
