#pragma once

#include <random>

#include "upstream/cluster.hpp"
#include "upstream/transport.hpp"

namespace sevenstops::upstream {

/// What all requests of one I/O thread share.
struct Shared {
  Settings settings;
  Metrics& metrics;
  Transport& transport;
  std::mt19937_64 random;
};

/// Requests one leaf, by one attempt, or by more where the first is slow (hedges; Dean and Barroso,
/// *The Tail at Scale*, 2013). The first 200, or else the last status; 504 when there was none by
/// `context.limit`.
[[nodiscard]] asio::awaitable<unsigned> request_hedged(Shared& shared, Cluster& cluster,
                                                       Context context);

/// The same, and again after a failure, within the budget and while the breaker allows it; 503 when
/// it doesn't.
[[nodiscard]] asio::awaitable<unsigned> request_leaf(Shared& shared, Cluster& cluster,
                                                     const Context& context);

}  // namespace sevenstops::upstream
