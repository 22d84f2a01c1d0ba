#pragma once

#include "base/metrics.hpp"

namespace sevenstops::stops {

/// Middleware, on one I/O thread.
struct MiddlewareMetrics : base::MetricGroup {
  base::Counter unauthenticated_body{*this, "unauthenticated_body_bytes_total",
                                     "Body bytes read on protected routes without the token."};
};

}  // namespace sevenstops::stops
