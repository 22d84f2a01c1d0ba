#pragma once

#include <atomic>
#include <list>
#include <string>

#include "base/log.hpp"
#include "faults/injection.hpp"
#include "stops/drain/drain.hpp"
#include "stops/handle/handle.hpp"
#include "stops/metrics.hpp"
#include "stops/middleware/chain.hpp"
#include "stops/parse/parse.hpp"
#include "stops/route/router.hpp"
#include "stops/settings.hpp"

namespace sevenstops::stops {

class Connection;

/// The stops as one I/O thread has them, and the connections that are walking.
struct Stops {
  Stops(const Settings& settings, const Backend& backend, const std::string& token,
        const faults::Faults& injected, const faults::FaultClock& clock, Metrics& metrics,
        base::Log& log);

  MiddlewareSettings middleware_settings;
  SerializeSettings serialize_settings;
  faults::Injection faults;
  Metrics& metrics;
  base::Log& log;
  Parse parse;
  Chain middleware;
  Router router;
  Handle handle;
  Drain drain;
  std::list<Connection*> connections;
  /// Set by whoever stops the service, from any thread: no handler begins any more.
  std::atomic<bool> stopping = false;

  /// Gives up every read and write whose deadline has passed, and idle connections beneath.
  void sweep();
};

}  // namespace sevenstops::stops
