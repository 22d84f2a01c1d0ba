#pragma once

#include <string>
#include <vector>

#include "stops/metrics.hpp"

namespace sevenstops {

/// The threads' counters summed, in Prometheus text format 0.0.4.
[[nodiscard]] std::string report_prometheus(const std::vector<const Metrics*>& threads);

/// The same as JSON: {"requests": n, …, "stops": {"accept": {"entered": n, "bytes": n,
/// "seconds": s, "refused": {reason: n}}, …}}.
[[nodiscard]] std::string report_json(const std::vector<const Metrics*>& threads);

}  // namespace sevenstops
