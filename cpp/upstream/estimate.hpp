#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/time.hpp"

namespace sevenstops::upstream {

using base::Clock;

/// A decaying estimate of a dependency's latency, and of the moment to turn to another replica.
///
/// An attempt that was cancelled says only that it would have taken longer. Left out, it would hide
/// just the slow ones; so survival is estimated as by Kaplan and Meier (*Nonparametric Estimation
/// from Incomplete Observations*, 1958), in buckets a sixteenth of a doubling wide.
class LatencyEstimate {
 public:
  /// What an attempt took until its answer, or until it was given up.
  void record(Clock::duration taken, bool answered);

  /// Whether there were enough attempts for a quantile to mean something.
  [[nodiscard]] bool warm() const { return recorded_ >= enough; }

  /// The time within which a share `q` of attempts is answered; nothing when that isn't known,
  /// since more than 1 - q were given up.
  [[nodiscard]] std::optional<Clock::duration> quantile(double q) const;

  /// When to send again, up to `hedges` times at this distance: at the quantile `q`, or for 0 at
  /// the point that is found. That is the highest quantile, so the cheapest, for which the
  /// predicted time that all but 1 in 100,000 requests keep is within a quarter of the best. A
  /// quantile among the slow answers waits for them and is passed over. When too many attempts are
  /// given up for a quantile to be known, the last one that was still holds.
  [[nodiscard]] std::optional<Clock::duration> hedge_after(double q, int hedges);

 private:
  static constexpr int per_doubling = 16;
  // From 64 µs to 64 µs * 2^20 = 67 s.
  static constexpr std::size_t buckets = std::size_t{20} * per_doubling;
  static constexpr std::uint64_t enough = 1000;
  // Every so many attempts what was is worth a tenth less: a memory of some 10,000 attempts.
  static constexpr std::uint64_t decay_every = 1000;
  static constexpr std::uint64_t find_every = 500;
  static constexpr double kept = 0.9;
  using Survival = std::array<double, buckets>;

  [[nodiscard]] static std::size_t bucket(double seconds);
  [[nodiscard]] static double bound(std::size_t bucket);
  [[nodiscard]] Survival survival() const;
  [[nodiscard]] static double predicted(const Survival& s, double after, int hedges);

  std::array<double, buckets> answered_{};
  std::array<double, buckets> given_up_{};
  std::uint64_t recorded_ = 0;
  std::uint64_t found_at_ = 0;
  std::optional<Clock::duration> found_;
};

}  // namespace sevenstops::upstream
