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

TEST_F(PoolTest, ALimitForAllIsSharedByReplicas) {
  settings.total = 1;
  Replica other(io);
  run([&](Pool& pool) -> asio::awaitable<void> {
    {
      auto lease = co_await pool.acquire(replica.port(), never);
      lease->keep();
    }
    auto evicted = replica.take();
    {
      // The idle one of the other replica makes room.
      auto lease = co_await pool.acquire(other.port(), never);
      EXPECT_TRUE(lease);
      EXPECT_FALSE(lease->used());
      EXPECT_EQ(test::receive_all(evicted), "");
      // One that is used does not.
      const auto limit = Clock::now() + 5ms;
      EXPECT_FALSE(co_await base::within(limit, pool.acquire(replica.port(), limit)));
    }
    EXPECT_TRUE(co_await pool.acquire(replica.port(), never));
  });
  EXPECT_EQ(metrics.connects.value(), 3U);
  EXPECT_EQ(metrics.pool_timeouts.value(), 1U);
}

TEST_F(PoolTest, ALimitOfItsOwnKeepsASlowReplicaFromTheOthers) {
  settings.limit = 1;
  Replica other(io);
  run([&](Pool& pool) -> asio::awaitable<void> {
    auto held = co_await pool.acquire(replica.port(), never);
    EXPECT_TRUE(co_await pool.acquire(other.port(), never));
  });
  EXPECT_EQ(metrics.pool_waits.value(), 0U);
}

TEST_F(PoolTest, OfEqualTotalsOneWithALimitForEachIsABulkhead) {
  Replica other(io);
  for (const std::int64_t limit : {4, 2}) {
    settings = {.total = 4, .limit = limit};
    const auto before = metrics.pool_starved.value();
    run([&](Pool& pool) -> asio::awaitable<void> {
      std::vector<Pool::Lease> slow;
      for (std::int64_t i = 0; i < limit; ++i) {
        slow.push_back(*co_await pool.acquire(replica.port(), never));
      }
      const auto soon = Clock::now() + 5ms;
      EXPECT_FALSE(co_await base::within(soon, pool.acquire(replica.port(), soon)));
      const auto later = Clock::now() + 5ms;
      const auto quick = co_await base::within(later, pool.acquire(other.port(), later));
      EXPECT_EQ(quick.has_value(), limit == 2);
    });
    // Who waits at its own limit is not starved by others.
    EXPECT_EQ(metrics.pool_starved.value() - before, limit == 2 ? 0U : 1U);
  }
}

TEST_F(PoolTest, OneWhoHasNoRoomDoesNotHoldUpTheOthers) {
  settings = {.total = 2, .limit = 1};
  Replica other(io);
  for (const bool keeps : {true, false}) {
    order.clear();
    const auto before = metrics.pool_waits.value();
    run([&](Pool& pool) -> asio::awaitable<void> {
      co_await base::with_task_group([&](base::TaskGroup& group) -> asio::awaitable<void> {
        auto slow = co_await pool.acquire(replica.port(), never);
        auto quick = co_await pool.acquire(other.port(), never);
        group.spawn(take_from(other, pool, 1));
        co_await until_waiting(before + 1);
        // The last who came, but its replica's limit is reached.
        group.spawn(take(pool, 2));
        co_await until_waiting(before + 2);
        if (keeps) {
          quick->keep();
        }
        { const auto given_back = std::move(quick); }
        while (order.empty()) {
          co_await base::sleep_until(Clock::now());
        }
        EXPECT_EQ(order, std::vector{1});
      });
    });
    EXPECT_EQ(order, (std::vector{1, 2}));
  }
}

TEST_F(PoolTest, AConnectionToAnotherReplicaThatComesBackMakesRoom) {
  settings = {.total = 1, .limit = 1};
  Replica other(io);
  for (const bool keeps : {true, false}) {
    order.clear();
    const auto before = metrics.pool_waits.value();
    run([&](Pool& pool) -> asio::awaitable<void> {
      co_await base::with_task_group([&](base::TaskGroup& group) -> asio::awaitable<void> {
        auto held = co_await pool.acquire(replica.port(), never);
        for (int i = 1; i <= 4; ++i) {
          group.spawn(take_from(i % 2 == 0 ? replica : other, pool, i, keeps));
          co_await until_waiting(before + static_cast<std::uint64_t>(i));
        }
        if (keeps) {
          held->keep();
        }
      });
    });
    EXPECT_EQ(order, (std::vector{4, 3, 2, 1}));
  }
}

// What each who has a connection sees.
struct Used {
  std::map<std::uint16_t, std::int64_t> by_port;
  std::int64_t all = 0;
};

TEST_F(PoolTest, HoweverTheyComeAndLeaveLimitsHoldAndNobodyWaitsForEver) {
  settings = {.total = 5, .limit = 2};
  std::mt19937 random(7);
  std::list<Replica> replicas;
  std::vector<std::uint16_t> ports;
  constexpr int count = 4;
  ports.reserve(count + 1);
  for (int i = 0; i < count; ++i) {
    ports.push_back(replicas.emplace_back(io).port());
  }
  {
    // And one that nobody listens on.
    const Replica gone(io);
    ports.push_back(gone.port());
  }
  Used used;
  int ended = 0;
  const auto use = [&](Pool& pool, std::uint16_t port) -> asio::awaitable<void> {
    if (auto lease = co_await pool.acquire(port, never)) {
      EXPECT_LE(++used.by_port[port], settings.limit);
      EXPECT_LE(++used.all, settings.total);
      struct GivenBack {
        ~GivenBack() {
          --used.by_port[port];
          --used.all;
        }
        Used& used;
        std::uint16_t port;
      } const given_back{used, port};
      co_await base::sleep_until(Clock::now() + std::chrono::microseconds(random() % 300));
      if (random() % 4 != 0) {
        lease->keep();
      }
    }
    ++ended;
  };
  constexpr int tasks = 2000;
  int cancelled = 0;
  run([&](Pool& pool) -> asio::awaitable<void> {
    co_await base::with_task_group([&](base::TaskGroup& group) -> asio::awaitable<void> {
      for (int i = 0; i < tasks; ++i) {
        const auto child = group.spawn(use(pool, ports[random() % ports.size()]));
        if (random() % 5 == 0) {
          co_await base::sleep_until(Clock::now() + std::chrono::microseconds(random() % 200));
          group.cancel(child);
          ++cancelled;
        }
      }
    });
    // Every place is free again.
    std::vector<Pool::Lease> all;
    for (std::int64_t i = 0; i < settings.total; ++i) {
      all.push_back(*co_await pool.acquire(ports[static_cast<std::size_t>(i / 2)], never));
    }
  });
  EXPECT_GE(ended, tasks - cancelled);
  EXPECT_GT(metrics.pool_waits.value(), 100U);
}

}  // namespace
}  // namespace sevenstops::upstream
