#include "store/workers.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>

#include "../support/run.hpp"
#include "base/task_group.hpp"

namespace sevenstops::store {
namespace {

using http::Outcome;
using http::Reason;
using namespace std::chrono_literals;

// What a job waits for; a job that waits in vain ends by itself.
class Gate {
 public:
  void open() { open_ = true; }
  void pass() const {
    const auto end = Clock::now() + 30s;
    while (!open_ && Clock::now() < end) {
      std::this_thread::sleep_for(100us);
    }
  }

 private:
  std::atomic<bool> open_ = false;
};

std::uint64_t count(const base::DurationHistogram& histogram) {
  std::uint64_t n = 0;
  for (int bucket = 0; bucket < base::DurationHistogram::buckets; ++bucket) {
    n += histogram.count(bucket);
  }
  return n;
}

class WorkersTest : public ::testing::Test {
 protected:
  asio::awaitable<void> held(Workers& workers, Outcome<int>& outcome, bool admitted = false) {
    outcome = co_await workers.run(
        [this](const std::stop_token&) {
          ++running;
          gate.pass();
          return 1;
        },
        metrics, admitted);
  }
  asio::awaitable<void> until_running(int jobs) const {
    while (running < jobs) {
      co_await base::sleep_until(Clock::now() + 100us);
    }
  }

  Gate gate;
  std::atomic<int> running = 0;
  WorkerMetrics metrics;
};

TEST_F(WorkersTest, WorksOnAnotherThreadAndComesBack) {
  Workers workers({.threads = 1});
  std::thread::id there;
  test::run([&]() -> asio::awaitable<void> {
    const auto outcome = co_await workers.run(
        [&](const std::stop_token&) {
          there = std::this_thread::get_id();
          return std::string("done");
        },
        metrics);
    EXPECT_TRUE(outcome);
    EXPECT_EQ(*outcome, "done");
    EXPECT_NE(there, std::this_thread::get_id());
  });
  EXPECT_EQ(count(metrics.wait), 1U);
  EXPECT_EQ(count(metrics.busy), 1U);
}

TEST_F(WorkersTest, RefusesWhatItsQueueHasNoRoomFor) {
  Workers workers({.threads = 1, .queue_limit = 1, .queue_time = 100});
  Outcome<int> first = 0;
  Outcome<int> second = 0;
  test::run([&]() -> asio::awaitable<void> {
    co_await base::with_task_group([&](base::TaskGroup& group) -> asio::awaitable<void> {
      group.spawn(held(workers, first, true));
      co_await until_running(1);
      group.spawn(held(workers, second, true));
      co_await base::sleep_until(Clock::now());
      for (int i = 0; i < 5; ++i) {
        const auto refused =
            co_await workers.run([](const std::stop_token&) { return 1; }, metrics);
        EXPECT_FALSE(refused);
        EXPECT_EQ(refused.error().reason, Reason::worker_queue);
      }
      gate.open();
    });
    // The places of those that were refused are free again.
    Outcome<int> third = 0;
    co_await held(workers, third);
    EXPECT_TRUE(third);
  });
  EXPECT_TRUE(first);
  EXPECT_TRUE(second);
}

TEST_F(WorkersTest, RefusesWhatHasWaitedForTooLong) {
  Workers workers({.threads = 1, .queue_limit = 10, .queue_time = 0.001});
  Outcome<int> first = 0;
  Outcome<int> second = 0;
  Outcome<int> part_of_an_answer = 0;
  test::run([&]() -> asio::awaitable<void> {
    co_await base::with_task_group([&](base::TaskGroup& group) -> asio::awaitable<void> {
      group.spawn(held(workers, first));
      co_await until_running(1);
      group.spawn(held(workers, second));
      group.spawn(held(workers, part_of_an_answer, true));
      // Longer than any patience there is.
      co_await base::sleep_until(Clock::now() + 150ms);
      gate.open();
    });
  });
  EXPECT_TRUE(first);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().reason, Reason::worker_queue_time);
  EXPECT_TRUE(part_of_an_answer);
  EXPECT_EQ(running, 2);
}

// A burst passes: the queue was empty a moment ago.
TEST_F(WorkersTest, WaitsThroughABurst) {
  bool passed = false;
  for (int i = 0; i < 20 && !passed; ++i) {
    Workers workers({.threads = 1, .queue_limit = 10, .queue_time = 0.0001});
    Outcome<int> second = 0;
    test::run([&]() -> asio::awaitable<void> {
      co_await base::with_task_group([&](base::TaskGroup& group) -> asio::awaitable<void> {
        group.spawn([](Workers& w, WorkerMetrics& m) -> asio::awaitable<void> {
          (void)co_await w.run(
              [](const std::stop_token&) {
                std::this_thread::sleep_for(3ms);
                return 1;
              },
              m);
        }(workers, metrics));
        gate.open();
        group.spawn(held(workers, second));
        co_return;
      });
    });
    passed = second.has_value();
  }
  EXPECT_TRUE(passed);
}

// As Maurer's rule asks when the queue was empty, and not when a worker was idle.
TEST_F(WorkersTest, BusyWorkersAreNoQueue) {
  Workers workers({.threads = 1, .queue_limit = 10, .queue_time = 0.0001});
  Outcome<int> first = 0;
  Outcome<int> second = Reason::worker_queue;
  Clock::time_point asked;
  test::run([&]() -> asio::awaitable<void> {
    co_await base::with_task_group([&](base::TaskGroup& group) -> asio::awaitable<void> {
      group.spawn(held(workers, first));
      co_await until_running(1);
      co_await base::sleep_until(Clock::now() + 150ms);
      asked = Clock::now();
      group.spawn(held(workers, second));
      co_await base::sleep_until(asked + 5ms);
      gate.open();
    });
  });
  EXPECT_TRUE(first);
  EXPECT_TRUE(second || Clock::now() - asked > 100ms);
}

TEST_F(WorkersTest, HowLongOneMayWaitIsKnownWhenItAsks) {
  Workers workers({.threads = 1, .queue_limit = 10, .queue_time = 0.0001});
  Outcome<int> first = 0;
  Outcome<int> second = 0;
  Outcome<int> third = Reason::worker_queue;
  Clock::time_point begun;
  Clock::time_point asked;
  test::run([&]() -> asio::awaitable<void> {
    co_await base::with_task_group([&](base::TaskGroup& group) -> asio::awaitable<void> {
      group.spawn(held(workers, first));
      co_await until_running(1);
      begun = Clock::now();
      group.spawn(held(workers, second));
      co_await base::sleep_until(begun + 60ms);
      asked = Clock::now();
      group.spawn(held(workers, third));
      // Longer than the second may wait, and too late for one that would be judged now.
      co_await base::sleep_until(begun + 120ms);
      gate.open();
    });
  });
  EXPECT_FALSE(second);
  // Unless the machine has made it wait.
  EXPECT_TRUE(third || asked - begun > 100ms || Clock::now() - asked > 100ms);
}

TEST_F(WorkersTest, AnExceptionComesOutAndItsPlaceIsFree) {
  Workers workers({.threads = 1, .queue_limit = 1, .queue_time = 100});
  test::run([&]() -> asio::awaitable<void> {
    for (int i = 0; i < 20; ++i) {
      bool thrown = false;
      try {
        (void)co_await workers.run(
            [](const std::stop_token&) -> int { throw std::runtime_error("no such table"); },
            metrics);
      } catch (const std::runtime_error& error) {
        thrown = std::string(error.what()) == "no such table";
      }
      EXPECT_TRUE(thrown);
    }
    const auto outcome = co_await workers.run([](const std::stop_token&) { return 7; }, metrics);
    EXPECT_TRUE(outcome);
    EXPECT_EQ(*outcome, 7);
  });
}

TEST_F(WorkersTest, ACancelledCallerTellsItsJobAndGoesOnAfterIt) {
  Workers workers({.threads = 1});
  std::atomic<bool> told = false;
  std::atomic<bool> ended = false;
  bool ended_before = false;
  test::run([&]() -> asio::awaitable<void> {
    co_await base::with_task_group([&](base::TaskGroup& group) -> asio::awaitable<void> {
      const auto job = [&](const std::stop_token& stop) {
        ++running;
        const auto end = Clock::now() + 30s;
        while (!stop.stop_requested() && Clock::now() < end) {
          std::this_thread::sleep_for(100us);
        }
        told = stop.stop_requested();
        std::this_thread::sleep_for(5ms);
        ended = true;
        return 1;
      };
      const auto child =
          group.spawn([](Workers& w, WorkerMetrics& m, auto j) -> asio::awaitable<void> {
            (void)co_await w.run(j, m);
          }(workers, metrics, job));
      co_await until_running(1);
      group.cancel(child);
    });
    ended_before = ended;
  });
  EXPECT_TRUE(told);
  EXPECT_TRUE(ended_before);
}

TEST_F(WorkersTest, OneWhoIsCancelledInTheQueueTellsItsJobToo) {
  Workers workers({.threads = 1, .queue_limit = 10, .queue_time = 100});
  Outcome<int> first = 0;
  std::atomic<bool> told = false;
  test::run([&]() -> asio::awaitable<void> {
    co_await base::with_task_group([&](base::TaskGroup& group) -> asio::awaitable<void> {
      group.spawn(held(workers, first));
      co_await until_running(1);
      const auto job = [&](const std::stop_token& stop) {
        told = stop.stop_requested();
        return 1;
      };
      const auto child =
          group.spawn([](Workers& w, WorkerMetrics& m, auto j) -> asio::awaitable<void> {
            (void)co_await w.run(j, m, true);
          }(workers, metrics, job));
      co_await base::sleep_until(Clock::now() + 1ms);
      group.cancel(child);
      gate.open();
    });
  });
  EXPECT_TRUE(told);
}

}  // namespace
}  // namespace sevenstops::store
