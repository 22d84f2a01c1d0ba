#pragma once

#include <optional>
#include <random>

#include "load/plan.hpp"

namespace sevenstops {

/// One request to come: when, in seconds from the start, and which of the mix.
struct Arrival {
  double at = 0;
  std::size_t request = 0;
};

/// The plan's arrivals in order. Every thread walks the same seeded sequence and takes each
/// `threads`-th, so that the load is the same however many threads send it.
class ArrivalSequence {
 public:
  ArrivalSequence(const Plan& plan, std::int64_t thread);

  /// The next arrival of this thread; nothing after the plan's duration. A closed loop's arrivals
  /// carry no time.
  [[nodiscard]] std::optional<Arrival> next();

 private:
  [[nodiscard]] std::optional<Arrival> step();

  const Plan& plan_;
  std::int64_t thread_;
  std::int64_t index_ = 0;
  double at_ = 0;
  std::mt19937_64 random_;
  std::exponential_distribution<double> gap_;
  std::discrete_distribution<std::size_t> choice_;
};

}  // namespace sevenstops
