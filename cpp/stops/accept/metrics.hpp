#pragma once

#include "base/metrics.hpp"

namespace sevenstops::stops {

/// Accept, on one I/O thread.
struct AcceptMetrics : base::MetricGroup {
  base::Gauge connections_open{*this, "connections_open", "Connections open now."};
  base::Counter walks_broken{*this, "walks_broken_total", "Connections ended by an exception."};
};

}  // namespace sevenstops::stops
