#pragma once

#include "base/metrics.hpp"

namespace sevenstops::stops {

/// Admission, on one I/O thread.
struct AdmissionMetrics : base::MetricGroup {
  base::Gauge limit{*this, "admission_limit",
                    "Requests that may be in progress now, over all routes asked so far."};
  base::Gauge in_progress{*this, "admitted_requests_in_progress",
                          "Requests in progress that count against the limit."};
  base::DurationHistogram wait{*this, "admission_wait_duration_seconds",
                               "How long requests waited to be admitted."};
};

}  // namespace sevenstops::stops
