#pragma once

#include <string>
#include <vector>

#include "stops/metrics.hpp"

namespace sevenstops::service {

/// The counters of all threads.
using Threads = std::vector<const stops::Metrics*>;

/// The threads' counters summed, in Prometheus text format 0.0.4.
[[nodiscard]] std::string report_prometheus(const Threads& threads);

/// The same as JSON: {"requests_total": n, …, "stops": {"accept": {"entered": n, "bytes": n,
/// "seconds": s, "timed": n, "refused": {reason: n}}, …}}.
[[nodiscard]] std::string report_json(const Threads& threads);

}  // namespace sevenstops::service
