#include "own_walk.hpp"

#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "../cpp/stops/fakes.hpp"
#include "../cpp/support/run.hpp"
#include "../cpp/support/sockets.hpp"
#include "service/report.hpp"
#include "stops/http1/caller.hpp"
#include "stops/walk.hpp"
#include "stops/walk_http1.hpp"

namespace sevenstops::test {
namespace {

using base::Clock;
using http::Reason;

/// What no client can make happen, over a real connection and the service's own stops.
class OwnWalk {
 public:
  explicit OwnWalk(const std::string& request) {
    send(ends_.client, request);
    ends_.client.shutdown(tcp::socket::shutdown_send);
  }

  stops::Stops& stops() { return stops_; }
  tcp::socket socket() { return std::move(ends_.server); }
  /// What is seen once a coroutine has walked.
  template <class WalkOver>
  Seen seen(WalkOver walk_over) {
    run(io_, std::move(walk_over));
    return {receive_all(ends_.client), service::report_json({&metrics_}),
            service::report_prometheus({&metrics_})};
  }

 private:
  asio::io_context io_;
  Ends ends_ = connected(io_);
  service::Settings settings_ = service::hardened();
  stops::Backend backend_{
      .store = std::make_shared<store::Store>(1, 1),
      .workers = std::make_shared<store::Workers>(store::WorkerLimits{.threads = 1}),
      .dependencies = {}};
  base::Log log_;
  stops::Metrics metrics_;
  faults::FaultClock clock_;
  base::Budget budget_{1 << 30};
  stops::Stops stops_{settings_, backend_, "let-me-in", {}, clock_, metrics_, log_, budget_};
};

class BrokenRows final : public stops::RowSource {
 public:
  asio::awaitable<http::Outcome<std::vector<store::Order>>> next() override {
    co_return Reason::worker_queue;
  }
};

}  // namespace

Seen at_an_endpoint_of_its_own(const stops::Endpoint& endpoint) {
  OwnWalk walk(get("/broken"));
  walk.stops().router.add({.method = "GET", .pattern = "/broken", .endpoint = &endpoint});
  return walk.seen([&]() -> asio::awaitable<void> {
    co_await stops::walk_http1(walk.stops(), walk.socket(), Clock::duration());
  });
}

Seen at_a_body_without_memory(Reason /*reason*/) {
  const auto head = post("Content-Length: 9\r\n", "");
  OwnWalk walk(head);
  stops::Connection connection(walk.socket());
  http::Request request;
  stops::Http1Writer writer(connection, request);
  stops::Http1Caller caller(connection, writer);
  stops::fakes::FakeIncoming incoming({head});
  stops::fakes::FakeContent content;
  content.breaks = true;
  stops::Exchange exchange{.request = request,
                           .incoming = incoming,
                           .content = content,
                           .caller = caller,
                           .writer = writer};
  stops::Walk one(walk.stops(), exchange);
  return walk.seen([&]() -> asio::awaitable<void> {
    (void)co_await one.once();
    connection.close();
  });
}

asio::awaitable<http::Outcome<stops::Result>> throwing(stops::Resources& /*resources*/,
                                                       stops::Call /*call*/) {
  throw std::runtime_error("the handler is broken");
  co_return Reason::fault;
}

asio::awaitable<http::Outcome<stops::Result>> breaking(stops::Resources& /*resources*/,
                                                       stops::Call /*call*/) {
  co_return stops::Result(std::make_unique<BrokenRows>());
}

}  // namespace sevenstops::test
