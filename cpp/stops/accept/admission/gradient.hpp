#pragma once

#include <vector>

#include "stops/accept/admission/limiter.hpp"

namespace sevenstops::stops {

/// The gradient controller of Envoy's adaptive concurrency filter. The least latency is measured
/// with the lowest limit, over 50 requests; then each 0.1 s
///
///     gradient = 1.25 · least latency / latency, between 0.5 and 2   (medians)
///     limit    = gradient · limit + sqrt(gradient · limit)
///
/// It is measured anew after a minute, and after five such windows at the lowest limit. Done
/// otherwise than there: a window in which less than half of the limit was in use changes nothing
/// (Netflix's Gradient2Limit does so too), or a quiet minute would raise it to its bound.
class GradientLimiter final : public Limiter {
 public:
  explicit GradientLimiter(const AdmissionSettings& settings);
  [[nodiscard]] std::int64_t limit() const override;
  void observe(const Observation& observation) override;

 private:
  void measure(Clock::time_point now);
  void measured(Clock::time_point now);
  void window_ended(Clock::time_point now);

  AdmissionSettings settings_;
  double limit_;
  // In seconds; 0: it is being measured.
  double least_latency_ = 0;
  Clock::time_point measured_from_{};
  // The window's begin.
  Clock::time_point since_{};
  std::vector<double> latencies_;
  std::int64_t in_progress_ = 0;
  Clock::time_point measured_at_{};
  int windows_at_least_ = 0;
};

}  // namespace sevenstops::stops
