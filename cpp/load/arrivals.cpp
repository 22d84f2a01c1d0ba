#include "load/arrivals.hpp"

namespace sevenstops {
namespace {

std::vector<double> weights(const Plan& plan) {
  std::vector<double> all;
  for (const auto& request : plan.requests) {
    all.push_back(request.weight);
  }
  return all;
}

}  // namespace

ArrivalSequence::ArrivalSequence(const Plan& plan, std::int64_t thread)
    : plan_(plan), thread_(thread), random_(plan.seed), gap_(plan.rate > 0 ? plan.rate : 1) {
  const auto all = weights(plan);
  choice_ = std::discrete_distribution<std::size_t>(all.begin(), all.end());
}

std::optional<Arrival> ArrivalSequence::next() {
  while (true) {
    const bool mine = index_ % plan_.threads == thread_;
    const auto arrival = step();
    if (!arrival || mine) {
      return arrival;
    }
  }
}

std::optional<Arrival> ArrivalSequence::step() {
  const auto n = index_++;
  switch (plan_.arrivals) {
    case Arrivals::closed:
      break;
    case Arrivals::constant:
      at_ = static_cast<double>(n) / plan_.rate;
      break;
    case Arrivals::poisson:
      at_ += gap_(random_);
      break;
    case Arrivals::burst: {
      const auto bursts_before = n / plan_.burst_size;
      at_ = static_cast<double>(bursts_before) * plan_.burst_period;
      break;
    }
  }
  if (at_ >= plan_.duration) {
    return std::nullopt;
  }
  return Arrival{at_, plan_.requests.size() > 1 ? choice_(random_) : 0};
}

}  // namespace sevenstops
