#include "stops/walk.hpp"

#include <algorithm>

namespace sevenstops {
namespace {

// What stands for a stop's work in the counters: entered, how long, and why it refused.
class Visit {
 public:
  Visit(Stops& stops, Timings& timings, Stop stop, Clock::time_point start = Clock::now())
      : metrics_(stops.metrics[stop]),
        taken_(timings[static_cast<std::size_t>(stop)]),
        slowed_(stops.slow.share[static_cast<std::size_t>(stop)]),
        start_(start) {
    metrics_.entered.add();
  }
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;
  ~Visit() {
    auto taken = Clock::now() - start_;
    if (slowed_ > 0) {
      const auto longer = std::chrono::duration_cast<Clock::duration>(taken * (1 + slowed_));
      while (taken < longer) {
        taken = Clock::now() - start_;
      }
    }
    taken_ = taken;
    metrics_.seconds.record(taken);
  }

  template <class Value>
  Outcome<Value> operator()(Outcome<Value> outcome) {
    if (!outcome) {
      metrics_.refuse(outcome.error().reason);
    }
    return outcome;
  }

 private:
  StopMetrics& metrics_;
  std::optional<Clock::duration>& taken_;
  double slowed_;
  Clock::time_point start_;
};

// Keeps a connection on the sweep's list and in the count for as long as it walks.
class Registered {
 public:
  Registered(Stops& stops, Connection& connection) : stops_(stops) {
    place_ = stops.connections.insert(stops.connections.end(), &connection);
    stops.metrics.connections_open.add();
  }
  Registered(const Registered&) = delete;
  Registered& operator=(const Registered&) = delete;
  ~Registered() {
    stops_.connections.erase(place_);
    stops_.metrics.connections_open.sub(1);
  }

 private:
  Stops& stops_;
  std::list<Connection*>::iterator place_;
};

class Walk {
 public:
  Walk(Stops& stops, Connection& connection) : s_(stops), c_(connection) {}

  /// One request through six stops; accept stands before, it made the connection. True when the
  /// connection can carry another.
  asio::awaitable<bool> once() {
    auto request = co_await parse();
    if (!request) co_return co_await refuse(request.error());
    auto match = route(**request);
    if (!match) co_return co_await refuse(match.error());
    auto admitted = co_await middleware(**request, *match);
    if (!admitted) co_return co_await refuse(admitted.error());
    auto result = co_await handle(*match);
    if (!result) co_return co_await refuse(result.error());
    auto body = serialize(std::move(*result));
    co_return co_await drain(body, (*request)->keep_alive);
  }

 private:
  asio::awaitable<Outcome<Request*>> parse() {
    const auto request = co_await s_.parse.head(c_);
    std::fill(c_.timings.begin() + 1, c_.timings.end(), std::nullopt);
    if (!request && std::string_view(request.error().reason) == idle) {
      co_return request;
    }
    Visit visit(s_, c_.timings, Stop::parse, c_.request.arrived);
    s_.metrics.requests.add();
    s_.metrics[Stop::parse].bytes.add(c_.request.head.size());
    co_return visit(request);
  }

  Outcome<Match> route(const Request& request) {
    Visit visit(s_, c_.timings, Stop::route);
    return visit(s_.router.match(request.method, request.path));
  }

  asio::awaitable<Outcome<void>> body(const Match& match) {
    if (auto declared = s_.parse.declared(c_.request); !declared) {
      s_.metrics[Stop::parse].refuse(declared.error().reason);
      co_return declared;
    }
    if (!c_.request.has_body() || c_.request.body_read) {
      co_return Outcome<void>();
    }
    // A body is an observation of its own in parse's histogram.
    const auto start = Clock::now();
    auto read = co_await s_.parse.body(c_);
    s_.metrics[Stop::parse].seconds.record(Clock::now() - start);
    s_.metrics[Stop::parse].bytes.add(c_.request.body.size());
    if (!match.route->open && !s_.middleware.authenticated(c_.request)) {
      s_.metrics.unauthenticated_body_bytes.add(c_.request.body.size());
    }
    if (!read) {
      s_.metrics[Stop::parse].refuse(read.error().reason);
    }
    co_return read;
  }

  // Where the body is read is this stop's setting; reading it is parse's work.
  asio::awaitable<Outcome<void>> middleware(const Request& request, const Match& match) {
    if (!s_.middleware_settings.body_after_auth) {
      if (auto read = co_await body(match); !read) {
        co_return read;
      }
    }
    Outcome<void> admitted = admit(request, match);
    if (!admitted) {
      co_return admitted;
    }
    co_return co_await body(match);
  }

  Outcome<void> admit(const Request& request, const Match& match) {
    Visit visit(s_, c_.timings, Stop::middleware);
    return visit(s_.middleware.admit(request, *match.route));
  }

  asio::awaitable<Outcome<Result>> handle(const Match& match) {
    Visit visit(s_, c_.timings, Stop::handle);
    try {
      co_return visit(co_await s_.handle.run(c_, match));
    } catch (const std::exception&) {
      // Answered below: a handler may fail, the connection's walk goes on.
    }
    co_return visit(Outcome<Result>(Refusal{.reason = "exception", .status = 500}));
  }

  Body serialize(Result result) {
    Visit visit(s_, c_.timings, Stop::serialize);
    auto body = sevenstops::serialize(std::move(result), s_.serialize_settings);
    s_.metrics[Stop::serialize].bytes.add(body.bytes.size());
    return body;
  }

  asio::awaitable<bool> drain(Body& body, bool keep_alive) {
    Visit visit(s_, c_.timings, Stop::drain);
    const bool sent = co_await s_.drain.send(c_, body, keep_alive, c_.request.method == "HEAD");
    if (!sent) {
      s_.metrics[Stop::drain].refuse(c_.timed_out ? "write_timeout" : "closed");
    }
    if (!sent) {
      co_return false;
    }
    co_return keep_alive;
  }

  asio::awaitable<bool> refuse(const Refusal& refusal) {
    if (refusal.status == 0) {
      co_return false;
    }
    s_.metrics.refused_buffered_max.raise_to(c_.buffer.capacity() + c_.request.body.capacity());
    s_.metrics.refused_body_bytes.add(c_.request.body.size());
    // A body that was not read makes the next request's first byte unknown.
    const bool unread_body = c_.request.has_body() && !c_.request.body_read;
    const bool keep_alive = !refusal.close && !unread_body && c_.request.keep_alive;
    c_.timed_out = false;
    auto body = sevenstops::serialize(refusal);
    const bool again = co_await drain(body, keep_alive);
    if (!keep_alive) {
      co_await s_.drain.linger(c_);
    }
    co_return again;
  }

  Stops& s_;
  Connection& c_;
};

Router make_router(const Settings& settings, Chain& chain) {
  Router router(settings.route);
  const auto add = [&](const char* method, const char* pattern, Endpoint endpoint, bool open) {
    router.add({method, pattern, endpoint, open, chain.layers()});
  };
  add("GET", "/healthz", Endpoint::healthz, true);
  // The order in which a careless service registers: the parameter before the static name, the
  // protected route before the layer that protects it.
  add("GET", "/users/{id}", Endpoint::user, true);
  add("GET", "/users/me", Endpoint::user_me, true);
  add("POST", "/admin/wipe", Endpoint::wipe, false);
  chain.add_auth_layer();
  add("POST", "/echo", Endpoint::echo, true);
  add("GET", "/orders", Endpoint::orders, true);
  add("GET", "/report", Endpoint::report, true);
  add("GET", "/page", Endpoint::page, true);
  add("GET", "/export.csv", Endpoint::export_csv, true);
  return router;
}

}  // namespace

Stops::Stops(const Settings& settings, const Backend& backend, const std::string& token,
             Metrics& counters, const SlowStop& slow_stop)
    : middleware_settings(settings.middleware),
      serialize_settings(settings.serialize),
      parse(settings.parse),
      middleware(settings.middleware, token),
      router(make_router(settings, middleware)),
      handle(settings.handle, backend, settings.serialize.page_limit, counters),
      drain(settings.drain, counters),
      metrics(counters),
      slow(slow_stop) {}

void Stops::sweep() {
  const auto now = Clock::now();
  handle.sweep(now);
  for (auto* connection : connections) {
    if (connection->deadline < now) {
      connection->deadline = Clock::time_point::max();
      connection->timed_out = true;
      boost::system::error_code error;
      connection->socket.cancel(error);
    }
  }
}

asio::awaitable<void> walk(Stops& stops, tcp::socket socket, Clock::duration queued) {
  Connection connection(std::move(socket));
  connection.timings[static_cast<std::size_t>(Stop::accept)] = queued;
  const Registered registered(stops, connection);
  Walk one(stops, connection);
  bool again = true;
  while (again) {
    again = co_await one.once();
    connection.timings[static_cast<std::size_t>(Stop::accept)].reset();
  }
}

}  // namespace sevenstops
