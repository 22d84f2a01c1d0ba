#pragma once

#include "base/metrics.hpp"

namespace sevenstops::stops {

/// Middleware, on one I/O thread.
struct MiddlewareMetrics : base::MetricGroup {
  base::Counter unauthenticated_body{*this, "unauthenticated_body_bytes_total",
                                     "Body bytes read on protected routes without the token."};
  base::Counter unauthenticated_admitted{
      *this, "unauthenticated_admitted_total",
      "Requests without the token that were let through to a protected route."};
};

}  // namespace sevenstops::stops
