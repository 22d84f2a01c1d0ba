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
  base::Counter rate_limited_after_work{
      *this, "rate_limited_after_work_total",
      "Requests refused for their client's rate once the handler had done its work."};
  base::Counter rate_clients_forgotten{
      *this, "rate_limit_clients_forgotten_total",
      "Clients whose rate was forgotten for a new one, since there were too many."};
};

}  // namespace sevenstops::stops
