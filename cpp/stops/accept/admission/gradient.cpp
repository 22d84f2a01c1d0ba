#include "stops/accept/admission/gradient.hpp"

#include <algorithm>
#include <cmath>

namespace sevenstops::stops {
namespace {

constexpr std::chrono::milliseconds window{100};
constexpr std::chrono::seconds measured_for{60};
// Enough for a median, and no more memory than that.
constexpr std::size_t most_samples = 1000;

double median_of(std::vector<double>& values) {
  const auto middle = values.begin() + std::ssize(values) / 2;
  std::ranges::nth_element(values, middle);
  return *middle;
}

}  // namespace

GradientLimiter::GradientLimiter(const AdmissionSettings& settings)
    : settings_(settings), limit_(static_cast<double>(settings.limit)) {
  latencies_.reserve(most_samples);
}

std::int64_t GradientLimiter::limit() const {
  return least_latency_ == 0 ? settings_.least : static_cast<std::int64_t>(limit_);
}

void GradientLimiter::observe(const Observation& seen) {
  constexpr std::size_t requests_measured = 50;
  // What had begun before waited for others than those of now.
  if (seen.failed || seen.begun < measured_from_) {
    return;
  }
  if (latencies_.size() < most_samples) {
    latencies_.push_back(seen.latency());
  }
  in_progress_ = std::max(in_progress_, seen.in_progress);
  if (least_latency_ == 0) {
    if (latencies_.size() >= requests_measured) {
      measured(seen.ended);
    }
  } else if (seen.ended - since_ >= window) {
    window_ended(seen.ended);
  }
}

void GradientLimiter::measure(Clock::time_point now) {
  least_latency_ = 0;
  windows_at_least_ = 0;
  latencies_.clear();
  measured_from_ = now;
}

void GradientLimiter::measured(Clock::time_point now) {
  least_latency_ = median_of(latencies_);
  measured_at_ = now;
  latencies_.clear();
  in_progress_ = 0;
  since_ = now;
}

void GradientLimiter::window_ended(Clock::time_point now) {
  constexpr double buffer = 1.25;
  constexpr int windows_at_least = 5;
  const double gradient = std::clamp(buffer * least_latency_ / median_of(latencies_), 0.5, 2.0);
  if (gradient < 1 || 2 * in_progress_ >= limit()) {
    const double next = gradient * limit_;
    limit_ = std::clamp(next + std::sqrt(next), static_cast<double>(settings_.least),
                        static_cast<double>(settings_.most));
  }
  latencies_.clear();
  in_progress_ = 0;
  since_ = now;
  windows_at_least_ = limit() == settings_.least ? windows_at_least_ + 1 : 0;
  if (windows_at_least_ >= windows_at_least || now - measured_at_ >= measured_for) {
    measure(now);
  }
}

}  // namespace sevenstops::stops
