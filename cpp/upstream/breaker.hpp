#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/metrics.hpp"
#include "base/time.hpp"

namespace sevenstops::upstream {

using base::Clock;

/// A circuit breaker for one dependency (Nygard, *Release It!*, 2nd ed. 2018, "Circuit Breaker").
///
/// It opens when at least `share` of the requests of the last second failed. Open, it lets nothing
/// through for `pause`; then, half-open, a few at a time: a row of successes closes it, a failure
/// opens it again.
class Breaker {
 public:
  /// What a request says about the dependency. One that its caller gave up says nothing.
  enum class Result { succeeded, failed, unknown };

  /// A share of 0 never opens. `open` is a gauge of open breakers, `opened` counts openings.
  Breaker(double share, Clock::duration pause, base::Gauge& open, base::Counter& opened)
      : share_(share), pause_(pause), open_(&open), opened_(&opened) {}

  /// Permission for one request, given while the breaker was in one state, its generation. One
  /// whose result nobody records says nothing about the dependency.
  class Permit {
   public:
    Permit(Breaker& breaker, std::uint64_t generation)
        : breaker_(&breaker), generation_(generation) {}
    Permit(Permit&& other) noexcept
        : breaker_(std::exchange(other.breaker_, nullptr)), generation_(other.generation_) {}
    Permit& operator=(Permit&&) = delete;
    ~Permit() {
      if (breaker_ != nullptr) {
        breaker_->record(generation_, Result::unknown, {});
      }
    }
    void record(Result result, Clock::time_point now) {
      std::exchange(breaker_, nullptr)->record(generation_, result, now);
    }

   private:
    Breaker* breaker_;
    std::uint64_t generation_;
  };

  /// A permit for a request now, or nothing while the dependency is to be left alone. The breaker
  /// has to outlive it.
  [[nodiscard]] std::optional<Permit> acquire(Clock::time_point now) {
    if (state_ == State::open && now >= until_) {
      enter(State::half_open);
      probing_ = 0;
      succeeded_ = 0;
    }
    if (state_ == State::open || (state_ == State::half_open && probing_ >= probes)) {
      return std::nullopt;
    }
    ++probing_;
    return std::optional<Permit>(std::in_place, *this, generation_);
  }

 private:
  // What was sent in an earlier state says nothing about this one.
  void record(std::uint64_t generation, Result result, Clock::time_point now) {
    if (generation != generation_ || share_ == 0) {
      return;
    }
    --probing_;
    if (result == Result::unknown) {
      return;
    }
    const bool failed = result == Result::failed;
    if (state_ == State::half_open) {
      if (failed) {
        open(now);
      } else if (++succeeded_ >= enough_successes) {
        enter(State::closed);
        open_->sub(1);
        parts_ = {};
      }
      return;
    }
    auto& part = current(now);
    ++part.all;
    part.failed += failed ? 1 : 0;
    if (failed && too_many(now)) {
      open_->add();
      opened_->add();
      open(now);
    }
  }

  enum class State { closed, open, half_open };
  struct Part {
    std::int64_t number = 0;
    std::uint64_t all = 0;
    std::uint64_t failed = 0;
  };
  // The last second in tenths.
  static constexpr std::int64_t parts = 10;
  static constexpr std::chrono::milliseconds part_length{100};
  // With fewer requests a share means little.
  static constexpr std::uint64_t least = 20;
  static constexpr std::int64_t probes = 5;
  static constexpr std::int64_t enough_successes = 5;

  static std::int64_t number(Clock::time_point now) { return now.time_since_epoch() / part_length; }

  Part& current(Clock::time_point now) {
    const auto n = number(now);
    auto& part = parts_[static_cast<std::size_t>(n % parts)];
    if (part.number != n) {
      part = {.number = n};
    }
    return part;
  }

  [[nodiscard]] bool too_many(Clock::time_point now) const {
    std::uint64_t all = 0;
    std::uint64_t failed = 0;
    for (const auto& part : parts_) {
      if (part.number > number(now) - parts) {
        all += part.all;
        failed += part.failed;
      }
    }
    return all >= least && static_cast<double>(failed) >= share_ * static_cast<double>(all);
  }

  void enter(State state) {
    state_ = state;
    ++generation_;
  }
  void open(Clock::time_point now) {
    enter(State::open);
    until_ = now + pause_;
  }

  double share_;
  Clock::duration pause_;
  base::Gauge* open_;
  base::Counter* opened_;
  State state_ = State::closed;
  Clock::time_point until_;
  std::uint64_t generation_ = 0;
  std::int64_t probing_ = 0;
  std::int64_t succeeded_ = 0;
  std::array<Part, parts> parts_{};
};

}  // namespace sevenstops::upstream
