#pragma once

#include "stops/accept/admission/limiter.hpp"

namespace sevenstops::stops {

/// TCP Vegas (Brakmo and Peterson, 1995) for requests, as Netflix's concurrency-limits has it
/// (VegasLimit): of `limit` requests in progress, limit · (1 - least latency / latency) wait. Below
/// 3 · log10(limit) of them there is room for more, above 6 · log10(limit) there are too many.
/// After 30 requests for each of the limit (within half as many and as many, at random) the least
/// latency is forgotten. Where there is a queue at that moment its wait passes for the least: under
/// a lasting overload the limit creeps up.
class VegasLimiter final : public Limiter {
 public:
  explicit VegasLimiter(const AdmissionSettings& settings);
  [[nodiscard]] std::int64_t limit() const override { return static_cast<std::int64_t>(limit_); }
  void observe(const Observation& observation) override;

 private:
  [[nodiscard]] double changed(const Observation& seen) const;
  void forget_later();

  AdmissionSettings settings_;
  double limit_;
  // In seconds; 0: not known.
  double least_latency_ = 0;
  double until_forgotten_ = 0;
  std::uint32_t random_ = 1;
};

}  // namespace sevenstops::stops
