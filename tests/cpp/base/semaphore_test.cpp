#include "base/semaphore.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "../support/run.hpp"
#include "base/task_group.hpp"

namespace sevenstops::base {
namespace {

using namespace std::chrono_literals;

TEST(Semaphore, GivesNoMoreThanItHas) {
  Semaphore semaphore(2);
  auto first = semaphore.try_acquire();
  auto second = semaphore.try_acquire();
  ASSERT_TRUE(first && second);
  EXPECT_FALSE(semaphore.try_acquire());
  first.reset();
  EXPECT_TRUE(semaphore.try_acquire());
}

TEST(Semaphore, AMovedPermitIsGivenBackOnce) {
  Semaphore semaphore(1);
  {
    auto permit = semaphore.try_acquire();
    const Semaphore::Permit moved(std::move(*permit));
    permit.reset();
    EXPECT_FALSE(semaphore.try_acquire());
  }
  auto one = semaphore.try_acquire();
  EXPECT_TRUE(one);
  EXPECT_FALSE(semaphore.try_acquire());
}

// Takes a permit, notes its number, and holds it for a turn of the loop.
asio::awaitable<void> take(Semaphore& semaphore, std::vector<int>& order, int number) {
  const auto permit = co_await semaphore.acquire();
  order.push_back(number);
  co_await sleep_until(Clock::now());
}

TEST(Semaphore, ServesInTheOrderOfTheWait) {
  Semaphore semaphore(2);
  std::vector<int> order;
  std::size_t waiting = 0;
  test::run([&]() -> asio::awaitable<void> {
    co_await with_task_group([&](TaskGroup& group) -> asio::awaitable<void> {
      for (int i = 0; i < 8; ++i) {
        group.spawn(take(semaphore, order, i));
      }
      waiting = semaphore.waiting();
      co_return;
    });
  });
  EXPECT_LE(waiting, 6U);
  EXPECT_EQ(order, (std::vector{0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(semaphore.waiting(), 0U);
}

TEST(Semaphore, APermitHandedToOneWhoIsCancelledIsNotLost) {
  Semaphore semaphore(1);
  std::vector<int> order;
  test::run([&]() -> asio::awaitable<void> {
    co_await with_task_group([&](TaskGroup& group) -> asio::awaitable<void> {
      auto held = co_await semaphore.acquire();
      const auto chosen = group.spawn(take(semaphore, order, 1));
      group.spawn(take(semaphore, order, 2));
      while (semaphore.waiting() < 2) {
        co_await sleep_until(Clock::now());
      }
      // The permit goes to the first who waits, which is cancelled before it goes on.
      { const auto given_back = std::move(held); }
      group.cancel(chosen);
    });
  });
  EXPECT_EQ(order.back(), 2);
  EXPECT_EQ(semaphore.waiting(), 0U);
  EXPECT_TRUE(semaphore.try_acquire());
}

TEST(Semaphore, EveryWaiterMayBeCancelled) {
  Semaphore semaphore(1);
  std::vector<int> order;
  test::run([&]() -> asio::awaitable<void> {
    const auto held = co_await semaphore.acquire();
    co_await with_task_group([&](TaskGroup& group) -> asio::awaitable<void> {
      for (int i = 0; i < 20; ++i) {
        group.spawn(take(semaphore, order, i));
      }
      while (semaphore.waiting() < 20) {
        co_await sleep_until(Clock::now());
      }
      group.cancel();
    });
  });
  EXPECT_TRUE(order.empty());
  EXPECT_EQ(semaphore.waiting(), 0U);
  EXPECT_TRUE(semaphore.try_acquire());
}

}  // namespace
}  // namespace sevenstops::base
