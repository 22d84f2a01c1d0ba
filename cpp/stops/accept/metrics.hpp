#pragma once

#include "base/metrics.hpp"

namespace sevenstops::stops {

/// Accept, on one I/O thread.
struct AcceptMetrics : base::MetricGroup {
  base::Gauge connections_open{*this, "connections_open", "Connections open now."};
  base::Gauge connections_bound{*this, "connections_bound",
                                "Connections that the process may hold."};
  base::Gauge connections_silent{*this, "connections_silent",
                                 "Connections that wait for a request's first byte."};
  base::Gauge held{*this, "held_bytes",
                   "Bytes that bodies, output and buffers of all connections hold."};
  base::Maximum held_most{*this, "held_bytes_max", "The most that was seen, 40 times a second."};
  base::Counter silent_closed{*this, "silent_connections_closed_total",
                              "Connections without a request that made room for new ones."};
  base::DurationHistogram tls_handshakes{*this, "tls_handshake_duration_seconds",
                                         "From a connection to the end of its TLS handshake."};
  base::Counter walks_broken{*this, "walks_broken_total", "Connections ended by an exception."};
};

}  // namespace sevenstops::stops
