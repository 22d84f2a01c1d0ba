#pragma once

#include "stops/exchange.hpp"
#include "stops/stops.hpp"

namespace sevenstops::stops {

/// What stands for a stop's work in the counters: entered, and how long it took; where a fault
/// makes the stop slow, it takes longer.
class Visit {
 public:
  Visit(Stops& stops, Timings& timings, base::Stop stop, Clock::time_point start = Clock::now())
      : metrics_(stops.metrics[stop]),
        taken_(timings[base::index(stop)]),
        prolonged_(stops.faults.prolong(stop)),
        start_(start) {
    metrics_.entered.add();
  }
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;
  ~Visit() {
    auto taken = Clock::now() - start_;
    if (prolonged_ > 0) {
      const auto longer = std::chrono::duration_cast<Clock::duration>(taken * (1 + prolonged_));
      while (taken < longer) {
        taken = Clock::now() - start_;
      }
    }
    taken_ = taken;
    metrics_.seconds.record(taken);
  }

 private:
  StopMetrics& metrics_;
  std::optional<Clock::duration>& taken_;
  double prolonged_;
  Clock::time_point start_;
};

}  // namespace sevenstops::stops
