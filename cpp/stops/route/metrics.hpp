#pragma once

#include "base/metrics.hpp"

namespace sevenstops::stops {

/// Route, on one I/O thread.
struct RouteMetrics : base::MetricGroup {
  base::Counter redirected{*this, "paths_redirected_total",
                           "Requests sent to the normal form of their path."};
  base::Counter odd{*this, "paths_odd_total",
                    "Requests that matched in another form than their path's normal one."};
};

}  // namespace sevenstops::stops
