#include "base/event.hpp"

#include <gtest/gtest.h>

#include "../support/run.hpp"
#include "base/task_group.hpp"

namespace sevenstops::base {
namespace {

using namespace std::chrono_literals;

TEST(Event, WhatHappenedBeforeIsKeptForOneWait) {
  Event event;
  event.notify();
  event.notify();
  bool again = false;
  test::run([&]() -> asio::awaitable<void> {
    co_await event.async_wait(asio::use_awaitable);
    const auto second = co_await within(Clock::now() + 5ms, [&]() -> asio::awaitable<int> {
      co_await event.async_wait(asio::use_awaitable);
      co_return 1;
    }());
    again = second.has_value();
  });
  EXPECT_FALSE(again);
}

TEST(Event, WakesWhoeverWaitsInALaterTurn) {
  Event event;
  std::string order;
  test::run([&]() -> asio::awaitable<void> {
    co_await with_task_group([&](TaskGroup& group) -> asio::awaitable<void> {
      group.spawn([](Event& e, std::string& into) -> asio::awaitable<void> {
        co_await e.async_wait(asio::use_awaitable);
        into += "woken ";
      }(event, order));
      co_await sleep_until(Clock::now() + 1ms);
      event.notify();
      order += "notified ";
    });
  });
  EXPECT_EQ(order, "notified woken ");
}

TEST(Event, ACancelledWaitThrowsAndLeavesTheEventUsable) {
  Event event;
  int aborted = 0;
  bool happened = false;
  test::run([&]() -> asio::awaitable<void> {
    for (int i = 0; i < 3; ++i) {
      co_await with_task_group([&](TaskGroup& group) -> asio::awaitable<void> {
        const auto child = group.spawn([](Event& e, int& count) -> asio::awaitable<void> {
          const auto [error] = co_await e.async_wait(as_tuple);
          count += error == asio::error::operation_aborted ? 1 : 0;
        }(event, aborted));
        co_await sleep_until(Clock::now() + 1ms);
        group.cancel(child);
        // Too late to be of use, and no harm.
        group.cancel(child);
      });
    }
    event.notify();
    co_await event.async_wait(asio::use_awaitable);
    happened = true;
  });
  EXPECT_EQ(aborted, 3);
  EXPECT_TRUE(happened);
}

TEST(Event, WhatHappensWhileNobodyWaitsAnyMoreIsKept) {
  Event event;
  bool happened = false;
  test::run([&]() -> asio::awaitable<void> {
    co_await with_task_group([&](TaskGroup& group) -> asio::awaitable<void> {
      const auto child = group.spawn(
          [](Event& e) -> asio::awaitable<void> { (void)co_await e.async_wait(as_tuple); }(event));
      co_await sleep_until(Clock::now() + 1ms);
      // The wait ends as cancelled; what follows at once belongs to the next.
      group.cancel(child);
      event.notify();
    });
    co_await event.async_wait(asio::use_awaitable);
    happened = true;
  });
  EXPECT_TRUE(happened);
}

}  // namespace
}  // namespace sevenstops::base
