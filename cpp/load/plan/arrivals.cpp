#include "load/plan/arrivals.hpp"

#include <algorithm>
#include <cmath>

#include "load/plan/pattern.hpp"

namespace sevenstops::load {

PhaseClock::PhaseClock(const Phase& phase) : phase_(phase), active_(phase.duration) {
  if (phase.on > 0) {
    const auto cycle = phase.on + phase.off;
    const auto cycles = std::floor(phase.duration / cycle);
    active_ = cycles * phase.on + std::min(phase.on, phase.duration - cycles * cycle);
  }
}

std::optional<double> PhaseClock::when(double requests) const {
  const auto first = phase_.rate;
  const auto last = phase_.rate_end.value_or(first);
  double t = 0;
  if (phase_.steps > 0) {
    const auto width = active_ / static_cast<double>(phase_.steps);
    auto left = requests;
    std::int64_t step = 0;
    double rate = first;
    for (; step < phase_.steps; ++step) {
      rate = first +
             (last - first) * static_cast<double>(step) / static_cast<double>(phase_.steps - 1);
      if (left < rate * width) {
        break;
      }
      left -= rate * width;
    }
    t = step == phase_.steps ? active_ : static_cast<double>(step) * width + left / rate;
  } else {
    // The integral of a linear rate is a parabola; this form of its root has no cancellation and
    // holds for a level rate as well.
    const auto slope = (last - first) / active_;
    const auto square = first * first + 2 * slope * requests;
    t = square < 0 ? active_ : requests == 0 ? 0 : 2 * requests / (first + std::sqrt(square));
  }
  if (t >= active_) {
    return std::nullopt;
  }
  return phase_.on > 0 ? t + std::floor(t / phase_.on) * phase_.off : t;
}

ArrivalSequence::ArrivalSequence(const Plan& plan, std::int64_t thread)
    : plan_(plan), closed_(plan.closed()), thread_(thread), random_(plan.seed) {
  std::vector<double> weights;
  for (const auto& request : plan.requests) {
    weights.push_back(request.weight);
  }
  choice_ = std::discrete_distribution<std::size_t>(weights.begin(), weights.end());
  draws_ =
      std::ranges::any_of(plan.requests, [](const auto& r) { return !Pattern(r.target).fixed(); });
}

std::optional<Arrival> ArrivalSequence::next() {
  while (true) {
    const bool mine = index_++ % plan_.threads == thread_;
    const auto arrival = step();
    if (!arrival || mine) {
      return arrival;
    }
  }
}

std::optional<Arrival> ArrivalSequence::step() {
  Arrival arrival;
  if (!closed_) {
    auto at = next_in_phase();
    while (!at) {
      phase_start_ += plan_.arrivals[phase_].duration;
      if (++phase_ == plan_.arrivals.size()) {
        --phase_;
        phase_start_ -= plan_.arrivals[phase_].duration;
        return std::nullopt;
      }
      count_ = 0;
      traced_ = 0;
      first_ = true;
      at = next_in_phase();
    }
    arrival.at = phase_start_ + *at;
  }
  arrival.request = plan_.requests.size() > 1 ? choice_(random_) : 0;
  arrival.draw = draws_ ? random_() : 0;
  return arrival;
}

std::optional<double> ArrivalSequence::next_in_phase() {
  const auto& phase = plan_.arrivals[phase_];
  if (of_burst_ > 0) {
    --of_burst_;
    return burst_at_;
  }
  std::optional<double> at;
  if (phase.kind == "trace") {
    if (traced_ < phase.times.size()) {
      at = phase.times[traced_++];
    }
  } else {
    const auto size = static_cast<double>(phase.burst);
    if (phase.kind == "poisson") {
      count_ += gap_(random_) * size;
    } else if (!first_) {
      count_ += size;
    }
    first_ = false;
    at = PhaseClock(phase).when(count_);
  }
  if (at) {
    burst_at_ = *at;
    of_burst_ = phase.burst - 1;
  }
  return at;
}

}  // namespace sevenstops::load
