#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "../support/run.hpp"
#include "fakes.hpp"
#include "stops/walk.hpp"

namespace sevenstops::stops::fakes {

inline asio::awaitable<http::Outcome<Result>> throwing(Resources& /*resources*/, Call /*call*/) {
  throw std::runtime_error("no such table");
  co_return http::Reason::fault;
}

inline asio::awaitable<http::Outcome<Result>> cancelled(Resources& /*resources*/, Call /*call*/) {
  throw boost::system::system_error(asio::error::operation_aborted);
  co_return http::Reason::fault;
}

inline const Endpoint throws{"throws", throwing};
inline const Endpoint spoils{"spoils", fakes::spoiled};
inline const Endpoint is_cancelled{"is_cancelled", cancelled};

/// Walks over an exchange that no protocol made.
class WalkTest : public ::testing::Test {
 protected:
  explicit WalkTest(Settings with = {}) : settings(with) {
    stops.router.add({.method = "GET", .pattern = "/throws", .endpoint = &throws});
    stops.router.add({.method = "GET", .pattern = "/spoiled", .endpoint = &spoils});
    stops.router.add({.method = "GET", .pattern = "/cancelled", .endpoint = &is_cancelled});
  }

  using Next = Walk::Next;

  Next walk(const std::string& target, const std::string& fields = "") {
    return walk_over({"GET " + target + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n"});
  }
  Next walk_over(std::deque<std::string> heads) {
    fakes::FakeIncoming incoming(std::move(heads));
    Exchange exchange{.request = request,
                      .incoming = incoming,
                      .content = content,
                      .caller = caller,
                      .writer = writer,
                      .peer = "here"};
    auto next = Next::request;
    test::run([&]() -> asio::awaitable<void> {
      Walk one(stops, exchange);
      next = co_await one.once();
    });
    timings = exchange.timings;
    return next;
  }
  [[nodiscard]] std::uint64_t refused(http::Reason reason) const {
    return metrics.refused[http::index(reason)].value();
  }
  [[nodiscard]] std::uint64_t refused() const {
    std::uint64_t sum = 0;
    for (const auto& counter : metrics.refused) {
      sum += counter.value();
    }
    return sum;
  }
  [[nodiscard]] std::vector<std::uint64_t> entered() const {
    std::vector<std::uint64_t> all;
    for (const auto& stop : metrics.stops) {
      all.push_back(stop.entered.value());
    }
    return all;
  }

  Settings settings;
  Backend backend{.store = std::make_shared<store::Store>(5000, 2),
                  .workers = std::make_shared<store::Workers>(store::WorkerLimits{.threads = 1}),
                  .compressors = std::make_shared<store::Workers>(
                      store::WorkerLimits{.threads = 1, .queue_limit = 0}),
                  .dependencies = {}};
  std::optional<base::Log> log{std::in_place};
  Metrics metrics;
  faults::FaultClock clock;
  base::Budget budget{1 << 30};
  Stops stops{settings, backend, "let-me-in", {}, clock, metrics, *log, budget};
  http::Request request;
  fakes::FakeContent content;
  fakes::FakeCaller caller;
  fakes::FakeWriter writer;
  Timings timings;
};

}  // namespace sevenstops::stops::fakes
