#include "upstream/estimate.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace sevenstops::upstream {
namespace {

constexpr double shortest = 64e-6;
constexpr double endless = std::numeric_limits<double>::infinity();

}  // namespace

std::size_t LatencyEstimate::bucket(double seconds) {
  if (seconds <= shortest) {
    return 0;
  }
  const auto place = std::ceil(std::log2(seconds / shortest) * per_doubling);
  return std::min(static_cast<std::size_t>(place), buckets - 1);
}

double LatencyEstimate::bound(std::size_t bucket) {
  return shortest * std::exp2(static_cast<double>(bucket) / per_doubling);
}

void LatencyEstimate::record(Clock::duration taken, bool answered) {
  auto& counts = answered ? answered_ : given_up_;
  counts[bucket(base::in_seconds(taken))] += 1;
  if (++recorded_ % decay_every == 0) {
    for (auto* all : {&answered_, &given_up_}) {
      std::ranges::for_each(*all, [](double& n) { n *= kept; });
    }
  }
}

LatencyEstimate::Survival LatencyEstimate::survival() const {
  double at_risk = 0;
  for (std::size_t b = 0; b < buckets; ++b) {
    at_risk += answered_[b] + given_up_[b];
  }
  Survival s{};
  double left = 1;
  for (std::size_t b = 0; b < buckets; ++b) {
    if (at_risk > 0) {
      left *= std::max(0.0, 1 - answered_[b] / at_risk);
    }
    // Sums of decayed counts leave a trace of rounding.
    s[b] = left < 1e-12 ? 0 : left;
    at_risk -= answered_[b] + given_up_[b];
    at_risk = at_risk < 1e-9 ? 0 : at_risk;
  }
  return s;
}

std::optional<Clock::duration> LatencyEstimate::quantile(double q) const {
  const auto s = survival();
  const auto place =
      std::ranges::find_if(s, [&](double left) { return left <= 1 - q + 1e-12; }) - s.begin();
  if (place == static_cast<std::ptrdiff_t>(buckets)) {
    return std::nullopt;
  }
  return base::seconds(bound(static_cast<std::size_t>(place)));
}

double LatencyEstimate::predicted(const Survival& s, double after, int hedges) {
  constexpr double missed = 1e-5;
  for (std::size_t b = 0; b < buckets; ++b) {
    const double time = bound(b);
    double left = s[b];
    // Replicas are taken to be slow independently of each other.
    for (int n = 1; n <= hedges && time > n * after; ++n) {
      const auto own = bucket(time - n * after);
      left *= own == 0 ? 1 : s[own - 1];
    }
    if (left <= missed) {
      return time;
    }
  }
  return endless;
}

std::optional<Clock::duration> LatencyEstimate::hedge_after(double q, int hedges) {
  if (!warm()) {
    return std::nullopt;
  }
  if (found_at_ != 0 && recorded_ - found_at_ < find_every) {
    return found_;
  }
  found_at_ = recorded_;
  // A replica that answers nothing takes the quantile with it, just when it is needed.
  const auto known = [this](std::optional<Clock::duration> now) {
    return found_ = now ? now : found_;
  };
  if (q > 0) {
    return known(quantile(q));
  }
  struct Candidate {
    Clock::duration after;
    double keeps;
  };
  constexpr std::array points = {0.90, 0.95, 0.96, 0.97, 0.975, 0.98, 0.985, 0.99, 0.995};
  constexpr double tolerance = 1.25;
  const auto s = survival();
  std::vector<Candidate> candidates;
  double best = endless;
  for (const double point : points) {
    if (const auto after = quantile(point)) {
      const double keeps = predicted(s, base::in_seconds(*after), hedges);
      candidates.push_back({*after, keeps});
      best = std::min(best, keeps);
    }
  }
  const auto cheap = std::find_if(candidates.rbegin(), candidates.rend(), [&](const auto& c) {
    return c.keeps < endless && c.keeps <= tolerance * best;
  });
  return known(cheap == candidates.rend() ? quantile(0.95) : cheap->after);
}

}  // namespace sevenstops::upstream
