#pragma once

#include "base/metrics.hpp"

namespace sevenstops::upstream {

/// What one I/O thread requested of the services beneath.
struct Metrics : base::MetricGroup {
  base::Counter requests{*this, "dependency_requests_total",
                         "Requests to services beneath, hedges included."};
  base::DurationHistogram taken{*this, "dependency_duration_seconds",
                                "Time that one request took, or had taken when it was called off."};
  base::Counter hedges{*this, "dependency_hedges_total",
                       "Requests to another replica beside the first."};
  base::Counter hedges_won{*this, "dependency_hedges_won_total", "Hedges that answered first."};
  base::Counter hedges_denied{*this, "dependency_hedges_denied_total",
                              "Hedges that the budget denied."};
  base::Counter pages_given_up{*this, "pages_given_up_total",
                               "Pages given up since the client had left."};
  base::Counter pages_partial{*this, "pages_partial_total",
                              "Pages answered without an optional dependency."};
  base::Counter retries{*this, "dependency_retries_total",
                        "Requests to services beneath that were repeated."};
  base::Counter retries_denied{*this, "dependency_retries_denied_total",
                               "Repeats that the budget denied."};
  base::Counter stopped{*this, "dependency_stopped_total",
                        "Requests that a circuit breaker stopped."};
  base::Gauge breakers_open{*this, "breakers_open", "Circuit breakers that are not closed now."};
  base::Counter breakers_opened{*this, "breakers_opened_total",
                                "How often a circuit breaker opened."};
  base::Counter connects{*this, "dependency_connects_total",
                         "Connections made to services beneath."};
  base::Counter pool_waits{*this, "pool_waits_total",
                           "Requests that waited for a connection of a pool."};
  base::Counter pool_starved{*this, "pool_starved_total",
                             "Such waits below the replica's own limit: others held them all."};
  base::Counter pool_timeouts{*this, "pool_timeouts_total", "Such waits that were in vain."};
  base::DurationHistogram pool_wait{*this, "pool_wait_duration_seconds",
                                    "Waits for a connection of a pool, of those who waited."};
};

}  // namespace sevenstops::upstream
