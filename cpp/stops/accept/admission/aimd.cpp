#include <algorithm>

#include "stops/accept/admission/limiter.hpp"

namespace sevenstops::stops {

AimdLimiter::AimdLimiter(const AdmissionSettings& settings)
    : settings_(settings), limit_(static_cast<double>(settings.limit)) {}

void AimdLimiter::observe(const Observation& seen) {
  constexpr double decrease = 0.9;
  if (seen.failed || seen.latency() > settings_.latency) {
    // What was under way when the limit fell says nothing of the lower one.
    if (seen.begun >= fell_) {
      limit_ *= decrease;
      fell_ = seen.ended;
    }
  } else if (2 * seen.in_progress >= limit()) {
    limit_ += 1 / limit_;
  }
  limit_ =
      std::clamp(limit_, static_cast<double>(settings_.least), static_cast<double>(settings_.most));
}

}  // namespace sevenstops::stops
