#pragma once

#include "stops/exchange.hpp"
#include "stops/stops.hpp"

namespace sevenstops::stops {

/// What stands for a stop's work in the counters: entered, and how long it took since the exchange
/// left the stop before; where a fault makes the stop slow, it takes longer.
class Visit {
 public:
  Visit(Stops& stops, Exchange& exchange, base::Stop stop)
      : metrics_(stops.metrics[stop]),
        taken_(exchange.timings[base::index(stop)]),
        left_(exchange.left),
        prolonged_(stops.faults.prolong(stop)) {
    metrics_.entered.add();
  }
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;
  ~Visit() {
    const auto start = left_;
    left_ = Clock::now();
    if (prolonged_ > 0) {
      const auto longer = (left_ - start) * (1 + prolonged_);
      while (left_ - start < longer) {
        left_ = Clock::now();
      }
    }
    taken_ = left_ - start;
    metrics_.seconds.record(left_ - start);
  }

 private:
  StopMetrics& metrics_;
  std::optional<Clock::duration>& taken_;
  Clock::time_point& left_;
  double prolonged_;
};

}  // namespace sevenstops::stops
