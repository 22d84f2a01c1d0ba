#pragma once

#include <atomic>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "base/budget.hpp"
#include "base/log.hpp"
#include "faults/injection.hpp"
#include "stops/accept/admission/admission.hpp"
#include "stops/accept/places.hpp"
#include "stops/drain/drain.hpp"
#include "stops/handle/handle.hpp"
#include "stops/metrics.hpp"
#include "stops/middleware/chain.hpp"
#include "stops/parse/parse.hpp"
#include "stops/route/router.hpp"
#include "stops/serialize/representation.hpp"
#include "stops/settings.hpp"
#include "stops/transport.hpp"

namespace sevenstops::stops {

/// The stops as one I/O thread has them, and the connections that are walking. `limiter` is shared
/// by all threads; without one each has its own.
struct Stops {
  Stops(const Settings& settings, const Backend& backend, const std::string& token,
        const faults::Faults& injected, const faults::FaultClock& clock, Metrics& metrics,
        base::Log& log, base::Budget& budget, std::shared_ptr<RateLimiter> limiter = nullptr);

  /// How long a TLS handshake may take.
  Clock::duration tls_timeout;
  SerializeSettings serialize_settings;
  faults::Injection faults;
  Metrics& metrics;
  base::Log& log;
  /// What all connections of the process may hold.
  base::Budget& budget;
  Parse parse;
  Admission admission;
  Chain middleware;
  Router router;
  Handle handle;
  Representation representation;
  Drain drain;
  /// A connection that walks, and its place among all.
  struct Held {
    Transport* connection;
    std::optional<Places::Place> place;
    /// What it holds of the budget.
    base::Charge* charge;
    /// Whether a request has ever begun on it.
    bool known = false;
    /// On which of the lists it is.
    std::list<Held>* on = nullptr;
  };
  /// Those that wait for a request's first byte, the one that has waited longest first: the first
  /// request's, and any other's. And all that wait for nothing of the kind.
  std::list<Held> strangers;
  std::list<Held> silent;
  std::list<Held> speaking;

  /// Takes a connection among those that speak, until it is forgotten.
  [[nodiscard]] std::list<Held>::iterator hold(Transport& connection,
                                               std::optional<Places::Place> place,
                                               base::Charge* charge);
  void forget(std::list<Held>::iterator held);
  /// Says that it waits for a request's first byte now, or does no longer.
  void fell_silent(std::list<Held>::iterator held);
  void spoke(std::list<Held>::iterator held);
  /// Set by whoever stops the service, from any thread: no handler begins any more.
  std::atomic<bool> stopping = false;
  /// The same before that: /healthz says that nobody should send requests here.
  std::atomic<bool> unready = false;
  /// Whether each connection is to end with the request that it has.
  bool leaving = false;

  /// From now on connections end as they can.
  void leave();

  /// Gives up every read and write whose deadline has passed, and idle connections beneath. Makes
  /// room in the budget where another thread has turned somebody away.
  void sweep();
  /// Closes the connection that has been silent longest, one that has never spoken before any
  /// other; its place. None where all speak.
  [[nodiscard]] std::optional<Places::Place> make_room();
  /// Ends the slowest of the connections that are below their rate and hold bytes, until an eighth
  /// of the budget and `room` bytes are free again or there is no such one; whether it ended any.
  bool relieve(std::int64_t room = 0);
  /// To be called where an exception is caught that has ended `what`: counts and logs it. One of a
  /// cancellation goes on, unless the service stops.
  void broke_off(std::string_view what, const std::exception& error);
  /// Whether so many bytes of the budget are free, if need be once others were ended for it.
  [[nodiscard]] bool has_room(std::uint64_t bytes);

 private:
  DrainSettings drain_settings_;
  Clock::time_point leaving_since_{};
  // When nobody was found that could be ended.
  Clock::time_point fruitless_{};
  std::uint64_t turned_away_ = 0;
};

}  // namespace sevenstops::stops
