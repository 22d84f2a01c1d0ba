#pragma once

#include "base/metrics.hpp"

namespace sevenstops::stops {

/// Parse, on one I/O thread.
struct ParseMetrics : base::MetricGroup {
  base::Counter requests{*this, "requests_total", "Requests parsed."};
  base::Maximum refused_buffered{*this, "refused_buffered_bytes_max",
                                 "Most bytes held for one refused request."};
  base::Counter refused_costly{*this, "refused_costly_total",
                               "Refused requests for which more than 256 KiB were held."};
  base::Counter both_framings{*this, "requests_with_both_framings_total",
                              "Requests taken with Content-Length and Transfer-Encoding."};
  base::Counter refused_body{*this, "refused_body_bytes_total",
                             "Body bytes read for refused requests."};
  base::Counter idle_closed{*this, "idle_connections_closed_total",
                            "Connections of HTTP/1 closed after `parse.idle_timeout` of silence."};
  base::Gauge heads_unfinished{
      *this, "heads_unfinished",
      "Connections that have sent a part of a head and no more of it yet."};
  base::Gauge bodies_unfinished{*this, "bodies_unfinished", "Bodies that have not come whole."};
  base::Gauge http2_connections{*this, "http2_connections_open",
                                "Connections open now that speak HTTP/2."};
  base::Counter http2_resets{*this, "http2_streams_reset_total",
                             "Streams of HTTP/2 that clients have reset."};
  base::Counter slow_ended{
      *this, "slow_connections_ended_total",
      "Connections that were ended when the byte budget was spent: the slowest "
      "of those below their rate."};
};

}  // namespace sevenstops::stops
