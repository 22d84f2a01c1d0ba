#include "faults/injection.hpp"

#include <algorithm>

namespace sevenstops::faults {

Injection::Injection(const Faults& faults) : faults_(faults) {
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

base::Clock::duration Injection::stall(base::Clock::time_point now) const {
  base::Clock::duration longest{};
  for (const auto& fault : faults_) {
    longest = std::max(longest, fault->stall(now - start_));
  }
  return longest;
}

base::Clock::duration Injection::work(base::Clock::time_point now) {
  first_work_ = first_work_.value_or(now);
  double seconds = 0;
  for (const auto& fault : faults_) {
    fault->work(seconds, base::in_seconds(now - *first_work_), random_);
  }
  return base::seconds(seconds);
}

bool Injection::fails() {
  return std::ranges::any_of(faults_, [this](const auto& fault) { return fault->fails(random_); });
}

}  // namespace sevenstops::faults
