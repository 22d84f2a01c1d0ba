#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.hpp"

namespace sevenstops::stops {

/// So many a second, and so many at once (a token bucket); 0: any number.
class Allowance {
 public:
  explicit Allowance(std::int64_t rate)
      : rate_(static_cast<double>(rate)), left_(static_cast<double>(rate)) {}

  /// Whether one more is allowed.
  [[nodiscard]] bool take(base::Clock::time_point now) {
    if (rate_ == 0) {
      return true;
    }
    left_ = std::min(std::max(rate_, left_), left_ + (rate_ * base::in_seconds(now - last_)));
    last_ = now;
    left_ -= 1;
    return left_ >= 0;
  }
  /// Allows so many besides.
  void give(double more) {
    constexpr double most = 1e6;
    left_ = std::min(left_ + more, most);
  }

 private:
  double rate_;
  double left_;
  base::Clock::time_point last_ = base::Clock::now();
};

}  // namespace sevenstops::stops
