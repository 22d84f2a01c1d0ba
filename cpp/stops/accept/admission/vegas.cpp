#include "stops/accept/admission/vegas.hpp"

#include <algorithm>
#include <cmath>

namespace sevenstops::stops {

VegasLimiter::VegasLimiter(const AdmissionSettings& settings)
    : settings_(settings), limit_(static_cast<double>(settings.limit)) {
  forget_later();
}

void VegasLimiter::forget_later() {
  constexpr double rounds = 30;
  // Numerical Recipes' quick generator: limiters that were made together need not forget together.
  constexpr std::uint32_t factor = 1664525;
  constexpr std::uint32_t summand = 1013904223;
  random_ = random_ * factor + summand;
  const double jitter = 0.5 + 0.5 * random_ / 4294967296.0;
  until_forgotten_ = rounds * limit_ * jitter;
}

void VegasLimiter::observe(const Observation& seen) {
  const double latency = seen.latency();
  if (latency <= 0) {
    return;
  }
  until_forgotten_ -= 1;
  if (until_forgotten_ <= 0) {
    least_latency_ = latency;
    forget_later();
    return;
  }
  if (least_latency_ == 0 || latency < least_latency_) {
    least_latency_ = latency;
    return;
  }
  limit_ = std::clamp(changed(seen), static_cast<double>(settings_.least),
                      static_cast<double>(settings_.most));
}

double VegasLimiter::changed(const Observation& seen) const {
  const double step = std::max(1.0, std::floor(std::log10(limit_)));
  if (seen.failed) {
    return limit_ - step;
  }
  // A limit that nobody comes near has not been tried.
  if (2 * seen.in_progress < limit()) {
    return limit_;
  }
  const double few = 3 * step;
  const double many = 6 * step;
  const double waiting = std::ceil(limit_ * (1 - least_latency_ / seen.latency()));
  if (waiting <= step) {
    return limit_ + many;
  }
  if (waiting < few) {
    return limit_ + step;
  }
  return waiting > many ? limit_ - step : limit_;
}

}  // namespace sevenstops::stops
