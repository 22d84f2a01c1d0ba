#pragma once

#include <optional>
#include <random>

#include "load/plan/plan.hpp"

namespace sevenstops::load {

/// The times of one phase: its rate as a function of time, turned round.
class PhaseClock {
 public:
  explicit PhaseClock(const Phase& phase);

  /// When, in seconds from the phase's start, so many requests have come; nothing when that is
  /// after its end.
  [[nodiscard]] std::optional<double> when(double requests) const;

 private:
  const Phase& phase_;
  // Seconds of the phase in which requests come.
  double active_;
};

/// One request to come: when, in seconds from the start, and which of the mix.
struct Arrival {
  double at = 0;
  std::size_t request = 0;
  /// What the target's pattern draws from.
  std::uint64_t draw = 0;
};

/// The plan's arrivals in order. Every thread walks the same seeded sequence and takes each
/// `threads`-th, so that the load is the same however many threads send it.
class ArrivalSequence {
 public:
  ArrivalSequence(const Plan& plan, std::int64_t thread);

  /// The next arrival of this thread; nothing after the last phase. A closed loop's arrivals
  /// carry no time and do not end.
  [[nodiscard]] std::optional<Arrival> next();

 private:
  [[nodiscard]] std::optional<Arrival> step();
  /// The time of the next arrival from the start of phase `phase_`; nothing when it is over.
  [[nodiscard]] std::optional<double> next_in_phase();

  const Plan& plan_;
  const bool closed_;
  std::int64_t thread_;
  bool draws_;
  std::int64_t index_ = 0;
  std::size_t phase_ = 0;
  double phase_start_ = 0;
  // Requests of the phase so far, and those of a burst still to come at its time.
  double count_ = 0;
  std::size_t traced_ = 0;
  std::int64_t of_burst_ = 0;
  double burst_at_ = 0;
  bool first_ = true;
  std::mt19937_64 random_;
  std::exponential_distribution<double> gap_{1.0};
  std::discrete_distribution<std::size_t> choice_;
};

}  // namespace sevenstops::load
