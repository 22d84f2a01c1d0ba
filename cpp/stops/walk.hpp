#pragma once

#include <list>

#include "faults/slow_stop.hpp"
#include "stops/drain/drain.hpp"
#include "stops/handle/handle.hpp"
#include "stops/middleware/chain.hpp"
#include "stops/parse/parse.hpp"
#include "stops/route/router.hpp"
#include "stops/settings.hpp"

namespace sevenstops {

/// The stops as one I/O thread has them, and the connections that are walking.
struct Stops {
  Stops(const Settings& settings, const Backend& backend, const std::string& token,
        Metrics& metrics, const SlowStop& slow);

  MiddlewareSettings middleware_settings;
  SerializeSettings serialize_settings;
  Parse parse;
  Chain middleware;
  Router router;
  Handle handle;
  Drain drain;
  Metrics& metrics;
  SlowStop slow;
  std::list<Connection*> connections;

  /// Gives up every read and write whose deadline has passed.
  void sweep();
};

/// One HTTP/1.1 connection from its first byte to its close; it was `queued` for so long before it
/// was accepted.
[[nodiscard]] asio::awaitable<void> walk(Stops& stops, tcp::socket socket, Clock::duration queued);

}  // namespace sevenstops
