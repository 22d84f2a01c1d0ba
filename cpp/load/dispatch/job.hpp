#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.hpp"

namespace sevenstops::load {

using base::Clock;

/// One request to be sent.
struct Job {
  /// When the plan wants it to be sent; latency counts from here.
  Clock::time_point intended;
  /// Which of the plan's requests.
  std::size_t request = 0;
  /// What the target's pattern draws from.
  std::uint64_t draw = 0;
  /// False during the warm-up.
  bool recorded = true;
  /// Whether it has been counted as sent: one that is given to others is counted once.
  bool sent = false;
};

}  // namespace sevenstops::load
