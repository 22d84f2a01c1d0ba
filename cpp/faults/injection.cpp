#include "faults/injection.hpp"

#include <algorithm>

namespace sevenstops::faults {

Injection::Injection(const Faults& faults, const FaultClock& clock)
    : faults_(faults), clock_(&clock) {
  constexpr std::uint64_t usual_seed = 7;
  std::uint64_t seed = usual_seed;
  std::ranges::stable_sort(faults_, {}, [](const auto& fault) { return fault->rank(); });
  for (const auto& fault : faults_) {
    works_ = works_ || fault->works();
    workers_ = fault->workers() > 0 ? fault->workers() : workers_;
    seed = fault->seed().value_or(seed);
    for (std::size_t stop = 0; stop < prolonged_.size(); ++stop) {
      prolonged_[stop] += fault->prolong(static_cast<base::Stop>(stop));
    }
  }
  random_.seed(seed);
}

base::Clock::duration Injection::stall(base::Clock::time_point now, int acceptor) const {
  base::Clock::duration longest{};
  const auto elapsed = clock_->elapsed(now);
  for (const auto& fault : faults_) {
    longest = elapsed ? std::max(longest, fault->stall(*elapsed, acceptor)) : longest;
  }
  return longest;
}

base::Clock::duration Injection::work(base::Clock::time_point now) {
  const auto elapsed = clock_->elapsed(now);
  double seconds = 0;
  for (const auto& fault : faults_) {
    fault->work(seconds, random_);
    if (elapsed) {
      fault->work_at(seconds, *elapsed);
    }
  }
  return base::seconds(seconds);
}

bool Injection::layer_fails() {
  return std::ranges::any_of(faults_,
                             [this](const auto& fault) { return fault->layer_fails(random_); });
}

bool Injection::fails() {
  return std::ranges::any_of(faults_, [this](const auto& fault) { return fault->fails(random_); });
}

}  // namespace sevenstops::faults
