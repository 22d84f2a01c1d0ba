#include <gtest/gtest.h>

#include <stdexcept>

#include "../support/run.hpp"
#include "fake_transport.hpp"

namespace sevenstops::upstream {
namespace {

using namespace std::chrono_literals;
using Answer = FakeTransport::Answer;

class HedgeTest : public ::testing::Test {
 protected:
  // Asks once; what it comes to.
  unsigned request(FakeTransport::Plan plan, Clock::duration patience = 1h) {
    transport.emplace(std::move(plan));
    Cluster cluster(dependency, settings, metrics);
    Shared shared{settings, metrics, *transport, std::mt19937_64(1)};
    unsigned status = 0;
    test::run([&]() -> asio::awaitable<void> {
      auto context = for_an_hour();
      context.limit = Clock::now() + patience;
      status = co_await request_hedged(shared, cluster, context);
    });
    EXPECT_EQ(transport->running, 0);
    return status;
  }

  Settings settings{.hedge = {.most = 1, .budget = 10, .delay = 0.002}};
  Metrics metrics;
  Dependency dependency{.name = "leaf", .replicas = {1, 2, 3}};
  std::optional<FakeTransport> transport;
};

TEST_F(HedgeTest, AnotherReplicaIsAskedWhereTheFirstIsSlow) {
  EXPECT_EQ(request([](std::size_t n, const Attempt&) { return n == 0 ? Answer{1h} : Answer{}; }),
            200U);
  EXPECT_EQ(transport->ports, (std::vector<std::uint16_t>{1, 2}));
  EXPECT_EQ(transport->ended, 1);
  EXPECT_EQ(metrics.requests.value(), 2U);
  EXPECT_EQ(metrics.hedges.value(), 1U);
  EXPECT_EQ(metrics.hedges_won.value(), 1U);
}

TEST_F(HedgeTest, TheFirstMayStillWin) {
  EXPECT_EQ(
      request([](std::size_t n, const Attempt&) { return n == 0 ? Answer{30ms} : Answer{1h}; }),
      200U);
  EXPECT_EQ(metrics.hedges.value(), 1U);
  EXPECT_EQ(metrics.hedges_won.value(), 0U);
  // Both are timed, the one that was called off as well.
  EXPECT_GE(metrics.taken.seconds(), 0.03);
  std::uint64_t timed = 0;
  for (int bucket = 0; bucket < base::DurationHistogram::buckets; ++bucket) {
    timed += metrics.taken.count(bucket);
  }
  EXPECT_EQ(timed, 2U);
}

TEST_F(HedgeTest, AFastFirstIsAskedAlone) {
  settings.hedge.delay = 3600;
  EXPECT_EQ(request([](std::size_t, const Attempt&) { return Answer{}; }), 200U);
  EXPECT_EQ(metrics.requests.value(), 1U);
}

TEST_F(HedgeTest, TheBudgetDenies) {
  settings.hedge.budget = 0.5;
  settings.hedge.most = 2;
  EXPECT_EQ(request([](std::size_t, const Attempt&) { return Answer{30ms}; }), 200U);
  EXPECT_EQ(metrics.requests.value(), 1U);
  EXPECT_EQ(metrics.hedges.value(), 0U);
  EXPECT_EQ(metrics.hedges_denied.value(), 2U);
}

TEST_F(HedgeTest, AsManyAsItMayAndEachAnother) {
  settings.hedge.most = 2;
  EXPECT_EQ(request([](std::size_t n, const Attempt&) { return n < 2 ? Answer{1h} : Answer{}; }),
            200U);
  EXPECT_EQ(transport->ports, (std::vector<std::uint16_t>{1, 2, 3}));
  EXPECT_EQ(metrics.hedges.value(), 2U);
}

TEST_F(HedgeTest, WhereAllFailTheLastStatusStands) {
  EXPECT_EQ(request([](std::size_t n, const Attempt&) {
              return n == 0 ? Answer{.after = 30ms, .status = 500} : Answer{.status = 404};
            }),
            500U);
  EXPECT_EQ(transport->ended, 2);
}

TEST_F(HedgeTest, AFailureWaitsForTheOtherAnswer) {
  EXPECT_EQ(request([](std::size_t n, const Attempt&) {
              return n == 0 ? Answer{30ms} : Answer{.status = 500};
            }),
            200U);
}

TEST_F(HedgeTest, AtTheLimitEveryAttemptIsCalledOff) {
  settings.hedge.most = 2;
  EXPECT_EQ(request([](std::size_t, const Attempt&) { return Answer{1h}; }, 30ms), 504U);
  EXPECT_EQ(transport->ports.size(), 3U);
  EXPECT_EQ(transport->ended, 0);
}

TEST_F(HedgeTest, OnlyWhatMayBeAskedTwiceIsHedged) {
  dependency.idempotent = false;
  const auto plan = [](std::size_t, const Attempt&) { return Answer{15ms}; };
  EXPECT_EQ(request(plan), 200U);
  EXPECT_EQ(metrics.requests.value(), 1U);
  dependency.idempotent = true;
  dependency.replicas = {1};
  EXPECT_EQ(request(plan), 200U);
  EXPECT_EQ(metrics.requests.value(), 2U);
  settings.hedge.most = 0;
  dependency.replicas = {1, 2};
  EXPECT_EQ(request(plan), 200U);
  EXPECT_EQ(metrics.requests.value(), 3U);
  // Without a fixed delay nothing is known yet.
  settings.hedge = {.most = 1, .quantile = 0.9, .budget = 10};
  EXPECT_EQ(request(plan), 200U);
  EXPECT_EQ(metrics.requests.value(), 4U);
}

TEST_F(HedgeTest, OfTiedRequestsTheOneThatBeginsCallsOffTheOther) {
  settings.hedge.tied = true;
  EXPECT_EQ(request([](std::size_t n, const Attempt& attempt) {
              EXPECT_TRUE(attempt.tied);
              return n == 0 ? Answer{1h} : Answer{.after = 5ms, .begins = true};
            }),
            200U);
  EXPECT_EQ(transport->ports.size(), 2U);
  EXPECT_EQ(transport->ended, 1);
  EXPECT_EQ(metrics.hedges_won.value(), 1U);
}

TEST_F(HedgeTest, OfTiedRequestsTheSecondIsNotSentWhereTheFirstHasBegun) {
  settings.hedge.tied = true;
  EXPECT_EQ(
      request([](std::size_t, const Attempt&) { return Answer{.after = 20ms, .begins = true}; }),
      200U);
  EXPECT_EQ(metrics.requests.value(), 1U);
}

TEST_F(HedgeTest, AnExceptionComesOutWhenAllHaveEnded) {
  for (const bool of_the_first : {true, false}) {
    EXPECT_THROW((void)request([&](std::size_t n, const Attempt&) {
                   const auto trouble = std::make_exception_ptr(std::runtime_error("broken"));
                   return (n == 0) == of_the_first ? Answer{.after = 10ms, .trouble = trouble}
                                                   : Answer{1h};
                 }),
                 std::runtime_error);
    EXPECT_EQ(transport->ports.size(), 2U);
    EXPECT_EQ(transport->running, 0);
  }
}

}  // namespace
}  // namespace sevenstops::upstream
