#pragma once

#include <chrono>
#include <cstdint>
#include <limits>

#include "base/time.hpp"

namespace sevenstops::stops {

using base::Clock;

/// How many bytes a second a peer has sent or taken of late.
class Pace {
 public:
  /// From now on it counts.
  void begin(Clock::time_point now) {
    since_ = last_ = now;
    moved_ = 0;
    rate_ = std::numeric_limits<double>::infinity();
  }
  /// Whether nothing has moved for a while.
  [[nodiscard]] bool rests(Clock::time_point now) const { return now - last_ >= window; }

  void moved(std::size_t bytes, Clock::time_point now) {
    moved_ += bytes;
    last_ = now;
    if (last_ - since_ >= window) {
      rate_ = static_cast<double>(moved_) / base::in_seconds(last_ - since_);
      since_ = last_;
      moved_ = 0;
    }
  }

  /// Infinite before a second has passed.
  [[nodiscard]] double rate(Clock::time_point now) const {
    if (rests(now)) {
      // However much came in one go before.
      return 0;
    }
    return now - since_ >= window ? static_cast<double>(moved_) / base::in_seconds(now - since_)
                                  : rate_;
  }

 private:
  // What is of late.
  static constexpr std::chrono::seconds window{1};

  // What the peer has sent or taken since, and when it did so last.
  Clock::time_point since_ = Clock::now();
  Clock::time_point last_ = since_;
  std::uint64_t moved_ = 0;
  // Of the time before.
  double rate_ = std::numeric_limits<double>::infinity();
};

}  // namespace sevenstops::stops
