#pragma once

#include "stops/middleware/chain.hpp"
#include "stops/route/router.hpp"

namespace sevenstops::stops {

/// Registers a route. Throws std::invalid_argument, naming it, for one that the chain should guard
/// and would not, or that the router doesn't take.
void add_route(Router& router, const Chain& chain, Route route);

/// The service's routes, in the order in which they are registered, and the layers of middleware
/// between them. Throws std::logic_error for a route to an endpoint that there is none of.
[[nodiscard]] Router make_routes(const RouteSettings& settings, Chain& chain);

}  // namespace sevenstops::stops
