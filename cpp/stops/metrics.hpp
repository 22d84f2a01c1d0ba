#pragma once

#include <array>

#include "base/metrics.hpp"
#include "base/stop.hpp"
#include "http/refusal.hpp"
#include "stops/accept/admission/metrics.hpp"
#include "stops/accept/metrics.hpp"
#include "stops/drain/metrics.hpp"
#include "stops/handle/metrics.hpp"
#include "stops/middleware/metrics.hpp"
#include "stops/parse/metrics.hpp"
#include "stops/route/metrics.hpp"
#include "stops/serialize/metrics.hpp"
#include "store/workers.hpp"
#include "upstream/metrics.hpp"

namespace sevenstops::stops {

/// What the walk counts of one stop.
struct StopMetrics {
  base::Counter entered;
  base::Counter bytes;
  base::DurationHistogram seconds;
};

/// The logs, counted by the first thread alone.
struct LogMetrics : base::MetricGroup {
  base::Counter dropped{*this, "access_log_dropped_total",
                        "Lines of the access log that found its queue full."};
  base::Counter write_errors{*this, "access_log_write_errors_total",
                             "Writes of the access log that failed, each of many lines."};
  base::Counter lines_lost{*this, "access_log_lines_lost_total",
                           "Lines of the access log that writes which failed left out or cut off."};
  base::Counter errors_dropped{*this, "error_log_dropped_total",
                               "Sentences of the error log that found its queue full."};
};

/// The I/O thread's own loop.
struct LoopMetrics : base::MetricGroup {
  base::DurationHistogram late{*this, "loop_late_duration_seconds",
                               "How late a timer of the I/O thread fired: it was busy elsewhere."};
};

/// Everything one I/O thread counts. Each number has one writer.
struct Metrics {
  std::array<StopMetrics, base::stop_names.size()> stops;
  /// By reason; each belongs to one stop.
  std::array<base::Counter, http::reasons.size()> refused;
  ParseMetrics parse;
  AcceptMetrics accept;
  AdmissionMetrics admission;
  RouteMetrics route;
  MiddlewareMetrics middleware;
  HandleMetrics handle;
  SerializeMetrics serialize;
  DrainMetrics drain;
  upstream::Metrics upstream;
  store::WorkerMetrics workers;
  LoopMetrics loop;
  LogMetrics log;

  StopMetrics& operator[](base::Stop stop) { return stops[base::index(stop)]; }

  /// Counts a refusal, once, at the stop that its reason belongs to.
  void refuse(http::Reason reason) {
    if (http::refuses(reason)) {
      refused[http::index(reason)].add();
    }
  }

  [[nodiscard]] std::array<const base::MetricGroup*, 12> groups() const {
    return {&parse,     &accept, &admission, &route,   &middleware, &handle,
            &serialize, &drain,  &upstream,  &workers, &loop,       &log};
  }
};

}  // namespace sevenstops::stops
