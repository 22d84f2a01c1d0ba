#pragma once

#include "base/metrics.hpp"

namespace sevenstops::stops {

/// Drain, on one I/O thread.
struct DrainMetrics : base::MetricGroup {
  base::Gauge streams{*this, "streams_open", "Streamed answers under way now."};
  base::Gauge queued{*this, "queued_bytes", "Bytes produced that clients have not taken."};
  base::Maximum queued_most{*this, "queued_bytes_max",
                            "The most there ever were, summed over threads.", base::Merge::sum};
  base::Counter lingered{*this, "lingered_bytes_total",
                         "Bytes taken and thrown away after an early final answer."};
};

}  // namespace sevenstops::stops
