#include "base/task_group.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <stdexcept>

#include "base/semaphore.hpp"

namespace sevenstops::base {
namespace {

using namespace std::chrono_literals;

// Runs a coroutine to its end and gives back what came out of it.
std::exception_ptr run(asio::awaitable<void> work, asio::io_context& io) {
  std::exception_ptr trouble;
  asio::co_spawn(io, std::move(work), [&](std::exception_ptr t) { trouble = std::move(t); });
  io.run();
  return trouble;
}

struct Guard {
  explicit Guard(int& n) : count(n) { ++count; }
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;
  ~Guard() { --count; }
  int& count;
};

asio::awaitable<void> hold(int& held, Clock::duration time) {
  const Guard guard(held);
  co_await sleep_until(Clock::now() + time);
}

asio::awaitable<void> fail_after(Clock::duration time) {
  co_await sleep_until(Clock::now() + time);
  throw std::runtime_error("broken");
}

TEST(TaskGroup, WaitsForEveryChild) {
  asio::io_context io;
  int held = 0;
  int seen = -1;
  const auto trouble = run(
      [](int& count, int& after) -> asio::awaitable<void> {
        co_await with_task_group([&](TaskGroup& group) -> asio::awaitable<void> {
          group.spawn(hold(count, 5ms));
          group.spawn(hold(count, 15ms));
          co_return;
        });
        after = count;
      }(held, seen),
      io);
  EXPECT_FALSE(trouble);
  EXPECT_EQ(seen, 0);
}

TEST(TaskGroup, AnExceptionOfOneReachesWhoeverWaitsAndEndsTheOthers) {
  asio::io_context io;
  int held = 0;
  const auto began = Clock::now();
  const auto trouble = run(
      [](int& count) -> asio::awaitable<void> {
        co_await with_task_group([&](TaskGroup& group) -> asio::awaitable<void> {
          group.spawn(hold(count, 1h));
          group.spawn(fail_after(1ms));
          co_return;
        });
      }(held),
      io);
  ASSERT_TRUE(trouble);
  EXPECT_THROW(std::rethrow_exception(trouble), std::runtime_error);
  EXPECT_EQ(held, 0);
  EXPECT_LT(Clock::now() - began, 30s);
}

TEST(TaskGroup, TheBodysExceptionEndsTheChildren) {
  asio::io_context io;
  int held = 0;
  const auto trouble = run(
      [](int& count) -> asio::awaitable<void> {
        co_await with_task_group([&](TaskGroup& group) -> asio::awaitable<void> {
          group.spawn(hold(count, 1h));
          co_await fail_after(1ms);
        });
      }(held),
      io);
  ASSERT_TRUE(trouble);
  EXPECT_EQ(held, 0);
}

TEST(TaskGroup, AChildOfACancelledGroupEndsAtOnce) {
  asio::io_context io;
  int held = 0;
  const auto trouble = run(
      [](int& count) -> asio::awaitable<void> {
        co_await with_task_group([&](TaskGroup& group) -> asio::awaitable<void> {
          group.cancel();
          group.spawn(hold(count, 1h));
          co_return;
        });
      }(held),
      io);
  EXPECT_FALSE(trouble);
  EXPECT_EQ(held, 0);
}

TEST(TaskGroup, OneChildCanBeCancelledAlone) {
  asio::io_context io;
  int held = 0;
  int other = 0;
  bool came_to_its_end = false;
  const auto trouble = run(
      [](int& count, int& second, bool& ended) -> asio::awaitable<void> {
        co_await with_task_group([&](TaskGroup& group) -> asio::awaitable<void> {
          const auto first = group.spawn(hold(count, 1h));
          group.spawn([](int& n, bool& e) -> asio::awaitable<void> {
            co_await hold(n, 10ms);
            e = true;
          }(second, ended));
          co_await sleep_until(Clock::now() + 1ms);
          group.cancel(first);
        });
      }(held, other, came_to_its_end),
      io);
  EXPECT_FALSE(trouble);
  EXPECT_EQ(held, 0);
  EXPECT_TRUE(came_to_its_end);
}

TEST(TaskGroup, AChildThatNeverWaitsMayCancelItsGroup) {
  asio::io_context io;
  const auto trouble = run(
      []() -> asio::awaitable<void> {
        for (int i = 0; i < 3; ++i) {
          const auto value =
              co_await within(Clock::now() + 1h, []() -> asio::awaitable<int> { co_return 7; }());
          EXPECT_EQ(value, 7);
        }
      }(),
      io);
  EXPECT_FALSE(trouble);
}

// A tree of groups: the cancellation of the outermost reaches the leaves, and nobody is left.
asio::awaitable<void> tree(int& held, int depth) {
  const Guard guard(held);
  co_await with_task_group([&](TaskGroup& group) -> asio::awaitable<void> {
    for (int i = 0; i < 3; ++i) {
      group.spawn(depth == 0 ? hold(held, 1h) : tree(held, depth - 1));
    }
    co_return;
  });
}

TEST(TaskGroup, CancellationReachesTheLeavesOfATree) {
  asio::io_context io;
  int held = 0;
  const auto began = Clock::now();
  const auto trouble = run(
      [](int& count) -> asio::awaitable<void> {
        const auto value = co_await within(Clock::now() + 20ms, [](int& n) -> asio::awaitable<int> {
          co_await tree(n, 3);
          co_return 1;
        }(count));
        EXPECT_FALSE(value);
      }(held),
      io);
  EXPECT_FALSE(trouble);
  EXPECT_EQ(held, 0);
  EXPECT_LT(Clock::now() - began, 30s);
}

TEST(Unless, GivesTheValueOfWorkThatEndsFirst) {
  asio::io_context io;
  std::optional<int> value;
  run(
      [](std::optional<int>& into) -> asio::awaitable<void> {
        into = co_await within(Clock::now() + 1h, []() -> asio::awaitable<int> {
          co_await sleep_until(Clock::now() + 1ms);
          co_return 7;
        }());
      }(value),
      io);
  EXPECT_EQ(value, 7);
}

TEST(Unless, AnExceptionOfTheWorkDoesNotWaitForTheInterruption) {
  asio::io_context io;
  const auto began = Clock::now();
  const auto trouble = run(
      []() -> asio::awaitable<void> {
        (void)co_await within(Clock::now() + 1h, []() -> asio::awaitable<int> {
          co_await fail_after(1ms);
          co_return 7;
        }());
      }(),
      io);
  ASSERT_TRUE(trouble);
  EXPECT_LT(Clock::now() - began, 30s);
}

TEST(TaskGroup, WaitsForItsChildrenWhenTheBodyIsCancelledInTheMiddle) {
  asio::io_context io;
  int held = 0;
  const auto trouble = run(
      [](int& count) -> asio::awaitable<void> {
        const auto value = co_await within(Clock::now() + 5ms, [](int& n) -> asio::awaitable<int> {
          const auto body = [&n](TaskGroup& group) -> asio::awaitable<void> {
            group.spawn(hold(n, 1h));
            co_await sleep_until(Clock::now() + 1h);
          };
          co_await with_task_group(body);
          co_return 1;
        }(count));
        EXPECT_FALSE(value);
      }(held),
      io);
  EXPECT_FALSE(trouble);
  EXPECT_EQ(held, 0);
}

TEST(TaskGroup, ACancellationThatNobodyAskedForIsTroubleToo) {
  asio::io_context io;
  int held = 0;
  const auto trouble = run(
      [](int& count) -> asio::awaitable<void> {
        co_await with_task_group([&](TaskGroup& group) -> asio::awaitable<void> {
          group.spawn(hold(count, 1h));
          group.spawn([]() -> asio::awaitable<void> {
            co_await sleep_until(Clock::now() + 1ms);
            throw boost::system::system_error(asio::error::operation_aborted);
          }());
          co_return;
        });
      }(held),
      io);
  EXPECT_TRUE(trouble);
  EXPECT_EQ(held, 0);
}

TEST(Unless, WorkThatEndsAfterTheInterruptionHasNoValue) {
  asio::io_context io;
  std::optional<int> value = 1;
  const auto work = []() -> asio::awaitable<int> {
    (void)co_await slept_until(Clock::now() + 1h);
    co_return 7;
  };
  run(
      [](std::optional<int>& into, auto stubborn) -> asio::awaitable<void> {
        into = co_await within(Clock::now() + 1ms, stubborn());
      }(value, work),
      io);
  EXPECT_FALSE(value);
}

TEST(Semaphore, PassesPermitsOnInOrderAndTakesThemBackFromTheCancelled) {
  asio::io_context io;
  Semaphore semaphore(1);
  std::vector<int> order;
  const auto worker = [](Semaphore& s, std::vector<int>& into, int n) -> asio::awaitable<void> {
    const auto permit = co_await s.acquire();
    into.push_back(n);
    co_await sleep_until(Clock::now() + 1ms);
  };
  const auto trouble = run(
      [](Semaphore& s, std::vector<int>& into, auto work) -> asio::awaitable<void> {
        co_await with_task_group([&](TaskGroup& group) -> asio::awaitable<void> {
          group.spawn(work(s, into, 1));
          const auto left = group.spawn(work(s, into, 2));
          group.spawn(work(s, into, 3));
          co_await sleep_until(Clock::now());
          group.cancel(left);
        });
      }(semaphore, order, worker),
      io);
  EXPECT_FALSE(trouble);
  EXPECT_EQ(order, (std::vector{1, 3}));
  EXPECT_EQ(semaphore.waiting(), 0U);
  EXPECT_TRUE(semaphore.try_acquire());
}

}  // namespace
}  // namespace sevenstops::base
