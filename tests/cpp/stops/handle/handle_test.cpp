#include "stops/handle/handle.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <numeric>
#include <stdexcept>

#include "../../support/run.hpp"
#include "../fakes.hpp"
#include "stops/handle/cursor.hpp"

namespace sevenstops::stops {
namespace {

using http::Outcome;
using http::Reason;
using namespace std::chrono_literals;

// Handlers of the test's own, and how many of them are at it.
int running = 0;
int completed = 0;

struct Running {
  Running() { ++running; }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() { --running; }
};

asio::awaitable<Outcome<Result>> work() {
  const Running now;
  co_await base::sleep_until(Clock::now() + 20ms);
  ++completed;
  co_return Result(Text{"done"});
}

asio::awaitable<Outcome<Result>> unwatched(Resources& /*resources*/, Call /*call*/) {
  return work();
}

asio::awaitable<Outcome<Result>> slow(Resources& resources, Call call) {
  auto result = co_await unless_left(resources.settings, call.caller, work());
  if (!result) {
    co_return Reason::client_left;
  }
  co_return std::move(*result);
}

asio::awaitable<Outcome<Result>> throwing(Resources& /*resources*/, Call /*call*/) {
  const Running now;
  throw std::runtime_error("the handler is broken");
  co_return Reason::fault;
}

class HandleTest : public ::testing::Test {
 protected:
  HandleTest() {
    running = completed = 0;
    request.arrived = Clock::now();
  }

  Outcome<Result> run(const Endpoint& endpoint, std::string parameter = {}) {
    Outcome<Result> outcome = Result();
    const Route route{.method = "GET", .pattern = "/", .endpoint = &endpoint};
    const Match match{.route = &route, .parameter = std::move(parameter)};
    Handle handle(settings, backend, page_limit, faults, metrics, upstream, workers);
    test::run([&]() -> asio::awaitable<void> {
      outcome = co_await handle.run(request, match, caller, trace_begun);
    });
    EXPECT_EQ(running, 0);
    return outcome;
  }
  Outcome<Result> run(std::string_view name, std::string parameter = {}) {
    return run(endpoints().at(name), std::move(parameter));
  }
  Reason refused(std::string_view name, std::string parameter = {}) {
    const auto outcome = run(name, std::move(parameter));
    EXPECT_FALSE(outcome);
    return outcome ? Reason::client_left : outcome.error().reason;
  }
  std::string text(std::string_view name, std::string parameter = {}) {
    const auto outcome = run(name, std::move(parameter));
    return outcome ? std::get<Text>(*outcome).text : std::string(outcome.error().name());
  }
  Page page(const std::string& query) {
    request.query = query;
    return std::get<Page>(run("orders").value());
  }
  std::size_t rows(const std::string& query) { return page(query).orders.size(); }

  HandleSettings settings{.deadline = 60};
  Backend backend{.store = std::make_shared<store::Store>(50, 2),
                  .workers = std::make_shared<store::Workers>(store::WorkerLimits{.threads = 1}),
                  .dependencies = {}};
  std::int64_t page_limit = 30;
  faults::FaultClock clock;
  faults::Injection faults{{}, clock};
  HandleMetrics metrics;
  upstream::Metrics upstream;
  store::WorkerMetrics workers;
  http::Request request;
  fakes::FakeCaller caller;
  std::string trace_begun;
};

TEST_F(HandleTest, OneWhoseCallerHasLeftIsCancelled) {
  caller.leaves = true;
  const auto outcome = run(Endpoint{"slow", slow});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().reason, Reason::client_left);
  EXPECT_EQ(completed, 0);
}

TEST_F(HandleTest, OneWhoseCallerWaitsComesToItsEnd) {
  const auto outcome = run(Endpoint{"slow", slow});
  ASSERT_TRUE(outcome);
  EXPECT_EQ(std::get<Text>(*outcome).text, "done");
}

TEST_F(HandleTest, OneThatDoesNotWaitForOthersIsNotWatched) {
  caller.leaves = true;
  EXPECT_TRUE(run(Endpoint{"slow", unwatched}));
  EXPECT_EQ(completed, 1);
}

TEST_F(HandleTest, WithoutCancelNobodyIs) {
  caller.leaves = true;
  settings.cancel = false;
  EXPECT_TRUE(run(Endpoint{"slow", slow}));
  EXPECT_EQ(completed, 1);
}

TEST_F(HandleTest, AnExceptionComesOutAndNothingWaitsAnyMore) {
  EXPECT_THROW((void)run(Endpoint{"throwing", throwing}), std::runtime_error);
  EXPECT_EQ(running, 0);
}

TEST_F(HandleTest, PagesThatTakeLongerThanTheDeadlineAreCounted) {
  faults = faults::Injection({faults::make_fault("slow-dependency=0.02")}, clock);
  EXPECT_TRUE(run("page"));
  EXPECT_EQ(metrics.pages_late.value(), 0U);
  settings.propagate_deadline = false;
  settings.deadline = 0.01;
  EXPECT_TRUE(run("page"));
  EXPECT_EQ(metrics.pages_late.value(), 1U);
}

TEST_F(HandleTest, OrdersComeInPagesOfAtMostThePageLimit) {
  EXPECT_EQ(rows(""), 20U);
  EXPECT_EQ(rows("limit=5"), 5U);
  EXPECT_EQ(rows("limit=1000"), 30U);
  EXPECT_EQ(rows("limit=30&cursor=" + write_cursor(45)), 5U);
  settings.off_loop = false;
  EXPECT_EQ(rows("limit=5"), 5U);
  for (const auto* query :
       {"limit=0", "limit=-1", "limit=x", "cursor=-1", "cursor=45", "cursor="}) {
    request.query = query;
    EXPECT_EQ(refused("orders"), Reason::query) << query;
  }
}

TEST_F(HandleTest, NextLeadsToEveryRowOnceWhateverThePageLimit) {
  for (const bool off_loop : {true, false}) {
    settings.off_loop = off_loop;
    for (const std::int64_t limit : {1, 3, 25, 50, 1000}) {
      for (page_limit = 1; page_limit <= 60; page_limit += 7) {
        std::vector<std::int64_t> seen;
        std::string next = "/orders?limit=" + std::to_string(limit);
        while (!next.empty()) {
          EXPECT_TRUE(next.starts_with("/orders?limit=" + std::to_string(limit))) << next;
          const auto found = page(next.substr(next.find('?') + 1));
          ASSERT_FALSE(found.orders.empty()) << next;
          for (const auto& order : found.orders) {
            seen.push_back(order.id);
          }
          next = found.next;
        }
        std::vector<std::int64_t> all(50);
        std::iota(all.begin(), all.end(), 1);
        EXPECT_EQ(seen, all) << limit << " " << page_limit;
      }
    }
  }
  EXPECT_EQ(page("limit=5").next, "/orders?limit=5&cursor=" + write_cursor(5));
  EXPECT_EQ(page("").next, "/orders?limit=20&cursor=" + write_cursor(20));
  // One that ends with the last row is the last.
  EXPECT_EQ(page("limit=10&cursor=" + write_cursor(40)).next, "");
  EXPECT_EQ(page("limit=10&cursor=" + write_cursor(50)).next, "");
  const auto most = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(page("limit=9223372036854775807&cursor=" + write_cursor(most)).next, "");
}

TEST_F(HandleTest, AReportIsAnsweredOrGivenUpAtItsDeadline) {
  EXPECT_TRUE(text("report").starts_with("[{\"currency\""));
  EXPECT_EQ(metrics.queries.value(), 1U);
  EXPECT_EQ(metrics.queries_cancelled.value(), 0U);
  backend.store = std::make_shared<store::Store>(5000, 2);
  request.arrived = Clock::now() - 1h;
  for (const bool off_loop : {true, false}) {
    settings.off_loop = off_loop;
    EXPECT_EQ(refused("report"), Reason::deadline);
  }
  EXPECT_EQ(metrics.queries_cancelled.value(), 2U);
}

TEST_F(HandleTest, AUserIsANumberOrMe) {
  EXPECT_EQ(text("user", "17"), R"({"handler":"user","id":"17"})");
  EXPECT_EQ(text("user", "me"), R"({"handler":"user","id":"me"})");
  EXPECT_EQ(text("user_me"), R"({"handler":"user_me","id":"me"})");
  for (const auto* id : {"x", "1x", "-1", "\"", "12345678901234567890"}) {
    EXPECT_EQ(refused("user", id), Reason::no_user) << id;
  }
}

TEST_F(HandleTest, AnEchoIsItsBody) {
  request.body = std::string("any\0bytes", 9);
  EXPECT_EQ(text("echo"), request.body);
  EXPECT_EQ(text("healthz"), "ok\n");
}

TEST_F(HandleTest, APageWithoutDependenciesIsItsOwnWork) {
  EXPECT_EQ(text("page"), R"({"page":"ok"})");
  EXPECT_EQ(metrics.work_completed.value(), 0U);
  request.query = "of=nobody";
  EXPECT_EQ(refused("page"), Reason::no_dependency);
  request.query = {};
  faults = faults::Injection({faults::make_fault("slow-dependency=0.005")}, clock);
  request.arrived = Clock::now();
  EXPECT_EQ(text("page"), R"({"page":"ok"})");
  EXPECT_EQ(metrics.work_completed.value(), 1U);
  EXPECT_EQ(metrics.work_in_progress.value(), 0U);
  caller.leaves = true;
  EXPECT_EQ(refused("page"), Reason::client_left);
  EXPECT_EQ(metrics.work_cancelled.value(), 1U);
  EXPECT_EQ(metrics.work_orphaned.value(), 0U);
  settings.cancel = false;
  EXPECT_EQ(text("page"), R"({"page":"ok"})");
  EXPECT_EQ(metrics.work_orphaned.value(), 1U);
}

TEST_F(HandleTest, ATiedPageSaysThatItBegins) {
  faults = faults::Injection({faults::make_fault("slow-dependency=0.005")}, clock);
  request.fields.push_back({"X-Tied-Request", "1"});
  request.arrived = Clock::now();
  EXPECT_EQ(text("page"), R"({"page":"ok"})");
  EXPECT_EQ(caller.interims, std::vector<unsigned>{102});
}

}  // namespace
}  // namespace sevenstops::stops
