#include "stops/accept/admission/admission.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "../../../support/run.hpp"
#include "base/task_group.hpp"

namespace sevenstops::stops {
namespace {

using namespace std::chrono_literals;
using http::Reason;
using Leases = std::vector<Admission::Lease>;

const Route orders_route{.method = "GET", .pattern = "/orders"};
const Route report{.method = "GET", .pattern = "/report"};

// Asks so many times; those that got in.
asio::awaitable<void> ask(Admission& admission, const Route& route, int times, Leases& in,
                          std::vector<Reason>& refused) {
  for (int i = 0; i < times; ++i) {
    auto lease = co_await admission.enter(route);
    if (lease) {
      in.push_back(std::move(*lease));
    } else {
      refused.push_back(lease.error().reason);
    }
  }
}

TEST(Admission, IsOffUnlessAMethodIsSet) {
  AdmissionMetrics metrics;
  EXPECT_FALSE(Admission({}, metrics).limits(orders_route));
  EXPECT_TRUE(Admission({.method = AdmissionMethod::fixed}, metrics).limits(orders_route));
}

TEST(Admission, HasNoLimitForAVitalRoute) {
  AdmissionMetrics metrics;
  const Admission admission({.method = AdmissionMethod::fixed, .limit = 1}, metrics);
  EXPECT_FALSE(admission.limits({.method = "GET", .pattern = "/healthz", .vital = true}));
}

TEST(Admission, RefusesBeyondTheLimitOfEachRouteAndTakesPlacesBack) {
  AdmissionMetrics metrics;
  Admission admission({.method = AdmissionMethod::fixed, .limit = 2}, metrics);
  test::run([&]() -> asio::awaitable<void> {
    Leases in;
    std::vector<Reason> refused;
    co_await ask(admission, orders_route, 3, in, refused);
    EXPECT_EQ(in.size(), 2U);
    EXPECT_EQ(refused, std::vector{Reason::admission});
    co_await ask(admission, report, 2, in, refused);
    EXPECT_EQ(in.size(), 4U);
    EXPECT_EQ(metrics.limit.value(), 4U);
    EXPECT_EQ(metrics.in_progress.value(), 4U);
    in.clear();
    EXPECT_EQ(metrics.in_progress.value(), 0U);
    co_await ask(admission, orders_route, 2, in, refused);
    EXPECT_EQ(in.size(), 2U);
  });
}

TEST(Admission, ShowsTheLimitThatWasFound) {
  AdmissionMetrics metrics;
  Admission admission({.method = AdmissionMethod::aimd, .limit = 10, .latency = 0.1}, metrics);
  test::run([&]() -> asio::awaitable<void> {
    auto lease = co_await admission.enter(orders_route);
    EXPECT_EQ(metrics.limit.value(), 10U);
    lease->ended(true);
    EXPECT_EQ(metrics.limit.value(), 9U);
  });
}

TEST(Admission, CoDelLetsABurstWaitForItsTurn) {
  AdmissionMetrics metrics;
  Admission admission({.method = AdmissionMethod::codel, .limit = 1, .queue_time = 0.001}, metrics);
  test::run([&]() -> asio::awaitable<void> {
    std::optional<http::Outcome<Admission::Lease>> first;
    first.emplace(co_await admission.enter(orders_route));
    std::optional<http::Outcome<Admission::Lease>> second;
    const auto wait = [&]() -> asio::awaitable<void> {
      second.emplace(co_await admission.enter(orders_route));
    };
    co_await base::with_task_group([&](base::TaskGroup& group) -> asio::awaitable<void> {
      group.spawn(wait());
      co_await base::sleep_until(Clock::now() + 10ms);
      EXPECT_FALSE(second);
      first.reset();
    });
    EXPECT_TRUE(second && *second);
  });
}

TEST(Admission, CoDelShedsWhatWaitsInAQueueThatIsNeverEmpty) {
  AdmissionMetrics metrics;
  Admission admission({.method = AdmissionMethod::codel, .limit = 1, .queue_time = 0.001}, metrics);
  test::run([&]() -> asio::awaitable<void> {
    const auto held = co_await admission.enter(orders_route);
    std::string refused;
    const auto wait = [&](char name, Clock::duration after) -> asio::awaitable<void> {
      co_await base::sleep_until(Clock::now() + after);
      const auto lease = co_await admission.enter(orders_route);
      EXPECT_EQ(lease.error().reason, Reason::admission_queue_time);
      refused += name;
    };
    co_await base::with_task_group([&](base::TaskGroup& group) -> asio::awaitable<void> {
      // However long the handler had been busy: nobody waited when the first one came.
      group.spawn(wait('a', 150ms));
      group.spawn(wait('b', 200ms));
      // By now somebody has waited for longer than a burst may last.
      group.spawn(wait('c', 270ms));
      co_return;
    });
    EXPECT_EQ(refused, "acb");
    EXPECT_EQ(metrics.in_progress.value(), 1U);
  });
}

TEST(Admission, RefusesBoundsThatContradictEachOther) {
  AdmissionMetrics metrics;
  const AdmissionSettings crossed{.method = AdmissionMethod::aimd, .least = 5, .most = 4};
  EXPECT_THROW(Admission(crossed, metrics), std::invalid_argument);
}

}  // namespace
}  // namespace sevenstops::stops
