#pragma once

#include "base/asio.hpp"
#include "provocation.hpp"
#include "stops/handle/endpoint.hpp"

namespace sevenstops::test {

/// What is seen of a request to an endpoint: none of the service's throws, or breaks its stream
/// off, that a client could make do so.
Seen at_an_endpoint_of_its_own(const stops::Endpoint& endpoint);
/// What is seen where there is no memory for the rest of a body.
Seen at_a_body_without_memory(http::Reason reason);

/// Handlers for such endpoints.
asio::awaitable<http::Outcome<stops::Result>> throwing(stops::Resources& resources,
                                                       stops::Call call);
asio::awaitable<http::Outcome<stops::Result>> breaking(stops::Resources& resources,
                                                       stops::Call call);

}  // namespace sevenstops::test
