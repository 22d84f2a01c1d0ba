#include "upstream/pool.hpp"

#include <gtest/gtest.h>

#include <list>
#include <map>
#include <random>
#include <vector>

#include "base/task_group.hpp"
#include "pool_fixture.hpp"

namespace sevenstops::upstream {
namespace {

using fakes::never;
using fakes::PoolTest;
using fakes::Replica;
using namespace std::chrono_literals;

TEST_F(PoolTest, AKeptConnectionIsUsedAgain) {
  run([&](Pool& pool) -> asio::awaitable<void> {
    for (int i = 0; i < 5; ++i) {
      auto lease = co_await pool.acquire(replica.port(), never);
      EXPECT_TRUE(lease);
      EXPECT_EQ(lease->used(), i > 0);
      lease->keep();
    }
  });
  EXPECT_EQ(metrics.connects.value(), 1U);
  EXPECT_EQ(metrics.pool_waits.value(), 0U);
}

TEST_F(PoolTest, OneThatIsNotKeptIsClosedAndItsPeerCanTell) {
  run([&](Pool& pool) -> asio::awaitable<void> {
    for (int i = 0; i < 5; ++i) {
      {
        auto lease = co_await pool.acquire(replica.port(), never);
        EXPECT_FALSE(lease->used());
      }
      auto peer = replica.take();
      EXPECT_EQ(test::receive_all(peer), "");
    }
  });
  EXPECT_EQ(metrics.connects.value(), 5U);
}

TEST_F(PoolTest, TheOneUsedLastIsTheNext) {
  run([&](Pool& pool) -> asio::awaitable<void> {
    std::uint16_t second_port = 0;
    {
      auto first = co_await pool.acquire(replica.port(), never);
      auto second = co_await pool.acquire(replica.port(), never);
      second_port = second->socket().local_endpoint().port();
      first->keep();
      second->keep();
      { const auto given_back = std::move(first); }
    }
    auto lease = co_await pool.acquire(replica.port(), never);
    EXPECT_EQ(lease->socket().local_endpoint().port(), second_port);
  });
}

TEST_F(PoolTest, OneThatItsPeerHasClosedIsNotUsed) {
  run([&](Pool& pool) -> asio::awaitable<void> {
    for (const bool by_bytes : {true, false}) {
      {
        auto lease = co_await pool.acquire(replica.port(), never);
        EXPECT_FALSE(lease->used());
        lease->keep();
      }
      auto peer = replica.take();
      if (by_bytes) {
        // Nobody has asked: what comes can't be an answer.
        test::send(peer, "HTTP/1.1 408 Request Timeout\r\n\r\n");
      }
      peer.close();
      auto lease = co_await pool.acquire(replica.port(), never);
      EXPECT_FALSE(lease->used());
      (void)replica.take();
    }
  });
}

TEST_F(PoolTest, NoMoreAreOpenThanTheLimit) {
  run([&](Pool& pool) -> asio::awaitable<void> {
    auto first = co_await pool.acquire(replica.port(), never);
    auto second = co_await pool.acquire(replica.port(), never);
    const auto limit = Clock::now() + 10ms;
    const auto third = co_await base::within(limit, pool.acquire(replica.port(), limit));
    EXPECT_FALSE(third);
    EXPECT_EQ(metrics.pool_waits.value(), 1U);
    EXPECT_EQ(metrics.pool_timeouts.value(), 1U);
    EXPECT_EQ(metrics.connects.value(), 2U);
    // There is room again.
    { const auto closed = std::move(first); }
    EXPECT_TRUE(co_await pool.acquire(replica.port(), never));
  });
}

TEST_F(PoolTest, OneWhoLeavesBeforeItsLimitHasNotWaitedInVain) {
  run([&](Pool& pool) -> asio::awaitable<void> {
    auto first = co_await pool.acquire(replica.port(), never);
    auto second = co_await pool.acquire(replica.port(), never);
    const auto third =
        co_await base::within(Clock::now() + 5ms, pool.acquire(replica.port(), never));
    EXPECT_FALSE(third);
  });
  EXPECT_EQ(metrics.pool_waits.value(), 1U);
  EXPECT_EQ(metrics.pool_timeouts.value(), 0U);
}

TEST_F(PoolTest, TheLastWhoCameGoesFirst) {
  settings.limit = 1;
  for (const bool keeps : {true, false}) {
    order.clear();
    const auto before = metrics.pool_waits.value();
    run([&](Pool& pool) -> asio::awaitable<void> {
      co_await base::with_task_group([&](base::TaskGroup& group) -> asio::awaitable<void> {
        auto held = co_await pool.acquire(replica.port(), never);
        for (int i = 1; i <= 4; ++i) {
          group.spawn(take(pool, i, keeps));
          co_await until_waiting(before + static_cast<std::uint64_t>(i));
        }
        held->keep();
      });
    });
    EXPECT_EQ(order, (std::vector{4, 3, 2, 1}));
  }
}

TEST_F(PoolTest, ACancelledWaiterIsPassedOver) {
  settings.limit = 1;
  run([&](Pool& pool) -> asio::awaitable<void> {
    co_await base::with_task_group([&](base::TaskGroup& group) -> asio::awaitable<void> {
      auto held = co_await pool.acquire(replica.port(), never);
      group.spawn(take(pool, 1));
      co_await until_waiting(1);
      const auto left = group.spawn(take(pool, 2));
      co_await until_waiting(2);
      group.cancel(left);
    });
  });
  EXPECT_EQ(order, std::vector{1});
}

TEST_F(PoolTest, AWaiterThatIsCancelledWhenItWasCalledPassesItsTurnOn) {
  settings.limit = 1;
  run([&](Pool& pool) -> asio::awaitable<void> {
    co_await base::with_task_group([&](base::TaskGroup& group) -> asio::awaitable<void> {
      auto held = co_await pool.acquire(replica.port(), never);
      group.spawn(take(pool, 1));
      co_await until_waiting(1);
      const auto called = group.spawn(take(pool, 2));
      co_await until_waiting(2);
      held->keep();
      { const auto given_back = std::move(held); }
      group.cancel(called);
    });
    EXPECT_EQ(order.back(), 1);
    // Nothing of it is lost.
    EXPECT_TRUE(co_await pool.acquire(replica.port(), never));
  });
}

TEST_F(PoolTest, WhereNobodyListensThereIsNothingAndNoPlaceIsLost) {
  std::uint16_t closed_port = 0;
  {
    const Replica gone(io);
    closed_port = gone.port();
  }
  run([&](Pool& pool) -> asio::awaitable<void> {
    for (int i = 0; i < 10; ++i) {
      EXPECT_FALSE(co_await pool.acquire(closed_port, never));
    }
  });
  EXPECT_EQ(metrics.pool_waits.value(), 0U);
}

TEST_F(PoolTest, WhatHasBeenIdleForTooLongIsClosed) {
  settings.idle_timeout = 10;
  run([&](Pool& pool) -> asio::awaitable<void> {
    {
      auto lease = co_await pool.acquire(replica.port(), never);
      lease->keep();
    }
    auto peer = replica.take();
    pool.sweep(Clock::now() + 5s);
    {
      auto lease = co_await pool.acquire(replica.port(), never);
      EXPECT_TRUE(lease->used());
      lease->keep();
    }
    pool.sweep(Clock::now() + 11s);
    EXPECT_EQ(test::receive_all(peer), "");
    // The places are free.
    auto first = co_await pool.acquire(replica.port(), never);
    auto second = co_await pool.acquire(replica.port(), never);
    EXPECT_FALSE(first->used() || second->used());
  });
  EXPECT_EQ(metrics.pool_waits.value(), 0U);
}

}  // namespace
}  // namespace sevenstops::upstream
