#include "stops/stops.hpp"

#include "stops/http1/connection.hpp"
#include "stops/routes.hpp"

namespace sevenstops::stops {

Stops::Stops(const Settings& settings, const Backend& backend, const std::string& token,
             const faults::Faults& injected, const faults::FaultClock& clock, Metrics& counters,
             base::Log& written)
    : middleware_settings(settings.middleware),
      serialize_settings(settings.serialize),
      faults(injected, clock),
      metrics(counters),
      log(written),
      parse(settings.parse),
      middleware(settings.middleware, token),
      router(make_routes(settings.route, middleware)),
      handle(settings.handle, backend, settings.serialize.page_limit, faults, metrics.handle,
             metrics.upstream, metrics.workers),
      drain(settings.drain, metrics.drain, metrics[base::Stop::drain].bytes) {}

void Stops::sweep() {
  const auto now = Clock::now();
  handle.sweep(now);
  for (auto* connection : connections) {
    connection->give_up_overdue(now);
  }
}

}  // namespace sevenstops::stops
