#pragma once

#include "base/metrics.hpp"

namespace sevenstops::stops {

/// Serialize, on one I/O thread.
struct SerializeMetrics : base::MetricGroup {
  base::Counter large{*this, "answers_large_total",
                      "Answers of more than 100 kB of rows, made in one piece."};
};

}  // namespace sevenstops::stops
