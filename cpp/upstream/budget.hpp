#pragma once

#include <algorithm>

namespace sevenstops::upstream {

/// A token bucket for requests beyond the first: each first request earns a share of a token, each
/// extra one spends a whole. It starts empty, and counts requests rather than failures, so that
/// slowness of everything at once stops the extra requests too.
class ExtraBudget {
 public:
  explicit ExtraBudget(double share) : share_(share) {}

  void earn() { tokens_ = std::min(capacity, tokens_ + share_); }
  [[nodiscard]] bool spend() {
    if (tokens_ < 1) {
      return false;
    }
    tokens_ -= 1;
    return true;
  }

 private:
  static constexpr double capacity = 100;
  double share_;
  double tokens_ = 0;
};

}  // namespace sevenstops::upstream
