#pragma once

#include <cstdint>
#include <memory>

#include "base/time.hpp"
#include "stops/accept/admission/settings.hpp"

namespace sevenstops::stops {

using base::Clock;

/// A request that has left its handler.
struct Observation {
  Clock::time_point begun;
  Clock::time_point ended;
  /// Requests in progress at its end, itself included.
  std::int64_t in_progress = 1;
  /// Whether it ended in a timeout or a refusal for want of resources.
  bool failed = false;

  [[nodiscard]] double latency() const {
    return std::chrono::duration<double>(ended - begun).count();
  }
};

/// Finds how many requests may be in progress. All of it belongs to one thread.
class Limiter {
 public:
  virtual ~Limiter() = default;
  [[nodiscard]] virtual std::int64_t limit() const = 0;
  virtual void observe(const Observation& observation) = 0;
};

/// The limit that was set.
class FixedLimiter final : public Limiter {
 public:
  explicit FixedLimiter(const AdmissionSettings& settings) : limit_(settings.limit) {}
  [[nodiscard]] std::int64_t limit() const override { return limit_; }
  void observe(const Observation& /*observation*/) override {}

 private:
  std::int64_t limit_;
};

/// Additive increase, multiplicative decrease (Chiu and Jain, *Analysis of the Increase and
/// Decrease Algorithms for Congestion Avoidance*, 1989), as TCP has it: one more for each limit's
/// worth of requests that were quick, a tenth less for one that failed or took longer than the
/// latency that was set, at most once for the requests in progress at that moment. It needs a
/// number that fits the service.
class AimdLimiter final : public Limiter {
 public:
  explicit AimdLimiter(const AdmissionSettings& settings);
  [[nodiscard]] std::int64_t limit() const override { return static_cast<std::int64_t>(limit_); }
  void observe(const Observation& observation) override;

 private:
  AdmissionSettings settings_;
  double limit_;
  Clock::time_point fell_{};
};

}  // namespace sevenstops::stops
