#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/metrics.hpp"
#include "upstream/breaker.hpp"
#include "upstream/budget.hpp"
#include "upstream/estimate.hpp"
#include "upstream/metrics.hpp"
#include "upstream/settings.hpp"

namespace sevenstops::upstream {

/// A dependency: replicas on loopback, any of which can answer for each of its `leaves`.
struct Dependency {
  std::string name;
  std::vector<std::uint16_t> replicas;
  std::int64_t leaves = 1;
  /// A page may be answered without it.
  bool optional = false;
  /// Whether one answer may be asked for more than once, by a hedge or a repeat (RFC 9110, 9.2.2).
  bool idempotent = true;
};

/// A dependency with what one I/O thread has learnt about it.
struct Cluster {
  Cluster(Dependency d, const Settings& settings, Metrics& metrics)
      : dependency(std::move(d)),
        hedges(settings.hedge.budget),
        retries(settings.retry.budget),
        breaker(settings.breaker.share, base::seconds(settings.breaker.pause),
                metrics.breakers_open, metrics.breakers_opened),
        page_does_without(dependency.optional && settings.optional.partial) {}

  /// The replica whose turn is the `n`-th from now on.
  [[nodiscard]] std::uint16_t replica(std::size_t n) const {
    return dependency.replicas[n % dependency.replicas.size()];
  }

  Dependency dependency;
  LatencyEstimate latency;
  ExtraBudget hedges;
  ExtraBudget retries;
  Breaker breaker;
  /// Whether it gets only a part of the time: a page does without it.
  bool page_does_without;
  std::size_t next_replica = 0;
};

}  // namespace sevenstops::upstream
