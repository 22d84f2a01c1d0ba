#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stops/metrics.hpp"

namespace sevenstops::service {

/// The counters of all threads.
using Threads = std::vector<const stops::Metrics*>;

/// The threads' counters summed, in Prometheus text format 0.0.4.
[[nodiscard]] std::string report_prometheus(const Threads& threads);

/// What the kernel counts of the listener on `port`, in the same format, and whether it
/// does.
[[nodiscard]] std::string report_listener(std::uint16_t port);

/// The threads' counters as JSON: {"requests_total": n, …, "stops": {"accept": {"entered": n,
/// "bytes": n, "seconds": s, "timed": n, "refused": {reason: n}}, …}}.
[[nodiscard]] std::string report_json(const Threads& threads);

}  // namespace sevenstops::service
