#pragma once

#include <array>
#include <cstdint>
#include <random>

#include "faults/clock.hpp"
#include "faults/fault.hpp"

namespace sevenstops::faults {

/// The faults of one service as one of its threads has them, with what they remember.
class Injection {
 public:
  /// `clock`, which has to outlive it, is that of all threads.
  Injection(const Faults& faults, const FaultClock& clock);

  /// How long the I/O thread of this number takes no connection from now on.
  [[nodiscard]] base::Clock::duration stall(base::Clock::time_point now, int acceptor = 0) const;
  /// By which share of its time a stop's work is prolonged.
  [[nodiscard]] double prolong(base::Stop stop) const { return prolonged_[base::index(stop)]; }

  /// Whether a layer of middleware throws at a request that brings credentials.
  [[nodiscard]] bool layer_fails();

  /// Whether GET /page has work of its own, and how much of it is done at once (0: any amount).
  [[nodiscard]] bool works() const { return works_; }
  [[nodiscard]] std::int64_t workers() const { return workers_; }
  /// How long the work that begins now takes.
  [[nodiscard]] base::Clock::duration work(base::Clock::time_point now);
  /// Whether a request fails at the end of its work.
  [[nodiscard]] bool fails();

 private:
  Faults faults_;
  const FaultClock* clock_;
  std::array<double, base::stop_names.size()> prolonged_{};
  bool works_ = false;
  std::int64_t workers_ = 0;
  std::mt19937_64 random_;
};

}  // namespace sevenstops::faults
