#pragma once

#include "base/metrics.hpp"

namespace sevenstops::stops {

/// Handle, on one I/O thread: the own work of GET /page, and the queries of GET /report.
struct HandleMetrics : base::MetricGroup {
  base::Counter work_completed{*this, "work_completed_total", "Own work that came to its end."};
  base::Counter work_orphaned{*this, "work_orphaned_total",
                              "Own work that ended after the caller had closed its side."};
  base::Counter work_cancelled{*this, "work_cancelled_total", "Own work given up before its end."};
  base::Gauge work_in_progress{*this, "work_in_progress", "Own work under way now."};
  base::Counter pages_late{*this, "pages_late_total",
                           "Pages that took longer than handle.deadline and a tenth of it."};
  base::Counter queries{*this, "queries_total", "Reports asked of the data set."};
  base::Counter queries_cancelled{*this, "queries_cancelled_total",
                                  "Reports given up before their end."};
};

}  // namespace sevenstops::stops
