#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <thread>

#include "../support/run.hpp"
#include "fake_transport.hpp"

namespace sevenstops::upstream {
namespace {

using namespace std::chrono_literals;
using Answer = FakeTransport::Answer;

class RetryTest : public ::testing::Test {
 protected:
  // Asks so many times, one after the other; the last status.
  unsigned request(FakeTransport::Plan plan, int times = 1, Clock::duration patience = 1h) {
    transport.emplace(std::move(plan));
    if (!cluster) {
      cluster.emplace(dependency, settings, metrics);
    }
    Shared shared{settings, metrics, *transport, std::mt19937_64(1)};
    unsigned status = 0;
    test::run([&]() -> asio::awaitable<void> {
      for (int i = 0; i < times; ++i) {
        auto context = for_an_hour();
        context.limit = Clock::now() + patience;
        status = co_await upstream::request_leaf(shared, *cluster, context);
      }
    });
    EXPECT_EQ(transport->running, 0);
    return status;
  }
  static FakeTransport::Plan always(unsigned status) {
    return [status](std::size_t, const Attempt&) { return Answer{.status = status}; };
  }
  // Between one attempt and the next.
  [[nodiscard]] std::vector<Clock::duration> pauses() const {
    std::vector<Clock::duration> all;
    for (std::size_t i = 1; i < transport->times.size(); i += 2) {
      all.push_back(transport->times[i] - transport->times[i - 1]);
    }
    return all;
  }

  Settings settings{.retry = {.most = 2, .budget = 10, .pause = 0.001, .jitter = false},
                    .breaker = {.share = 0}};
  Metrics metrics;
  Dependency dependency{.name = "leaf", .replicas = {1}};
  std::optional<FakeTransport> transport;
  std::optional<Cluster> cluster;
};

TEST_F(RetryTest, AsksAgainAfterAFailure) {
  EXPECT_EQ(request([](std::size_t n, const Attempt&) {
              return Answer{.status = n < 2 ? bad_gateway : ok};
            }),
            200U);
  EXPECT_EQ(transport->ports.size(), 3U);
  EXPECT_EQ(metrics.retries.value(), 2U);
}

TEST_F(RetryTest, NoMoreOftenThanItMay) {
  EXPECT_EQ(request(always(500)), 500U);
  EXPECT_EQ(transport->ports.size(), 3U);
  settings.retry.most = 0;
  EXPECT_EQ(request(always(500)), 500U);
  EXPECT_EQ(transport->ports.size(), 1U);
}

TEST_F(RetryTest, TheBudgetDenies) {
  settings.retry.budget = 0.25;
  EXPECT_EQ(request(always(500), 8), 500U);
  // Eight asks earned two repeats.
  EXPECT_EQ(transport->ports.size(), 10U);
  EXPECT_EQ(metrics.retries.value(), 2U);
  EXPECT_EQ(metrics.retries_denied.value(), 8U);
}

TEST_F(RetryTest, OnlyWhatMayBeAskedTwiceIsRepeated) {
  dependency.idempotent = false;
  EXPECT_EQ(request(always(500)), 500U);
  EXPECT_EQ(transport->ports.size(), 1U);
}

TEST_F(RetryTest, NotWhereThereIsNoTimeLeft) {
  settings.retry.pause = 60;
  EXPECT_EQ(request(always(500), 1, 30s), 500U);
  EXPECT_EQ(transport->ports.size(), 1U);
  EXPECT_EQ(metrics.retries_denied.value(), 0U);
}

TEST_F(RetryTest, AFixedPauseIsKept) {
  settings.retry = {.most = 1, .budget = 10, .pause = 0.002, .jitter = false};
  (void)request(always(500), 20);
  for (const auto pause : pauses()) {
    EXPECT_GE(pause, 2ms);
  }
  EXPECT_EQ(pauses().size(), 20U);
}

TEST_F(RetryTest, WithJitterThePauseIsDrawnBelowIt) {
  settings.retry = {.most = 1, .budget = 10, .pause = 0.01, .jitter = true};
  (void)request(always(500), 20);
  const auto all = pauses();
  ASSERT_EQ(all.size(), 20U);
  const auto [least, most] = std::ranges::minmax(all);
  EXPECT_LT(least, 10ms);
  EXPECT_GT(most - least, 1ms);
}

TEST_F(RetryTest, WithJitterThePauseMayDoubleTenTimesAtMost) {
  settings.retry = {.most = 30, .budget = 100, .pause = 0.000001, .jitter = true};
  EXPECT_EQ(request(always(500), 1, 30s), 500U);
  EXPECT_EQ(transport->ports.size(), 31U);
  // Thirty times at most 1.024 ms; 2^30 µs would be 18 min.
  EXPECT_LT(transport->times.back() - transport->times.front(), 30s);
}

TEST_F(RetryTest, ASlowAttemptIsCutAndRepeated) {
  settings.retry.attempt_timeout = 0.01;
  EXPECT_EQ(request([](std::size_t n, const Attempt&) { return n == 0 ? Answer{1h} : Answer{}; }),
            200U);
  EXPECT_EQ(transport->ports.size(), 2U);
  EXPECT_EQ(transport->ended, 1);
}

TEST_F(RetryTest, TheTimeOfAllIsOverForEveryAttempt) {
  settings.retry.attempt_timeout = 0.01;
  settings.retry.most = 1000;
  settings.retry.budget = 1000;
  EXPECT_EQ(request([](std::size_t, const Attempt&) { return Answer{1h}; }, 1, 50ms), 504U);
  EXPECT_GE(transport->ports.size(), 2U);
  EXPECT_LE(transport->ports.size(), 6U);
  EXPECT_EQ(transport->ended, 0);
}

TEST_F(RetryTest, AnOpenBreakerStopsIt) {
  settings.breaker = {.share = 0.5, .pause = 3600};
  settings.retry.most = 0;
  EXPECT_EQ(request(always(500), 20), 500U);
  EXPECT_EQ(metrics.breakers_opened.value(), 1U);
  EXPECT_EQ(request(always(200), 3), 503U);
  EXPECT_TRUE(transport->ports.empty());
  EXPECT_EQ(metrics.stopped.value(), 3U);
}

TEST_F(RetryTest, WhatTheCallerDidWrongSaysNothingOfTheDependency) {
  settings.breaker = {.share = 0.5, .pause = 3600};
  settings.retry.most = 0;
  EXPECT_EQ(request(always(404), 100), 404U);
  EXPECT_EQ(metrics.breakers_opened.value(), 0U);
}

TEST_F(RetryTest, WhoBringsNoTimeOpensNoBreaker) {
  settings.breaker = {.share = 0.5, .pause = 3600};
  settings.retry.most = 0;
  settings.usual_deadline = 3600;
  const auto too_late = [](std::size_t, const Attempt&) { return Answer{1h}; };
  EXPECT_EQ(request(too_late, 30, 1ms), 504U);
  EXPECT_EQ(metrics.breakers_opened.value(), 0U);
  settings.usual_deadline = 0.001;
  EXPECT_EQ(request(too_late, 30, 1ms), 503U);
  EXPECT_EQ(metrics.breakers_opened.value(), 1U);
}

TEST_F(RetryTest, AnExceptionComesOutAndItsPermitGoesBack) {
  settings.breaker = {.share = 0.5, .pause = 0.001};
  settings.retry.most = 0;
  EXPECT_EQ(request(always(500), 20), 500U);
  EXPECT_EQ(metrics.breakers_open.value(), 1U);
  std::this_thread::sleep_for(2ms);
  // More often than a half-open breaker lets through at once.
  for (int i = 0; i < 20; ++i) {
    EXPECT_THROW((void)request([](std::size_t, const Attempt&) {
                   return Answer{.trouble = std::make_exception_ptr(std::bad_alloc())};
                 }),
                 std::bad_alloc);
  }
  EXPECT_EQ(request(always(200), 5), 200U);
  EXPECT_EQ(metrics.breakers_open.value(), 0U);
}

}  // namespace
}  // namespace sevenstops::upstream
