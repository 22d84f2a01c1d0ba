#include "faults/injection.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>

namespace sevenstops::faults {
namespace {

using namespace std::chrono_literals;

TEST(Injection, DrawsTheSameAgainAndAsItWasTold) {
  const Faults faults = {make_fault("straggle=0.01/1"), make_fault("latency=lognormal/0.01/0.5")};
  const FaultClock clock;
  Injection one(faults, clock);
  Injection same(faults, clock);
  Injection other({faults[0], faults[1], make_fault("seed=8")}, clock);
  int slow = 0;
  int above = 0;
  int different = 0;
  const auto now = base::Clock::now();
  for (int i = 0; i < 100000; ++i) {
    const auto drawn = one.work(now);
    EXPECT_EQ(drawn, same.work(now));
    different += drawn != other.work(now) ? 1 : 0;
    slow += drawn > 1s ? 1 : 0;
    above += drawn > 10ms ? 1 : 0;
  }
  EXPECT_NEAR(slow, 1000, 100);
  EXPECT_NEAR(above, 50500, 700);
  EXPECT_GT(different, 90000);
}

TEST(Injection, ALayerFailsForAShareOfRequests) {
  const FaultClock clock;
  Injection injection({make_fault("failing-layer=0.3")}, clock);
  Injection none({make_fault("fail=1")}, clock);
  int failed = 0;
  for (int i = 0; i < 10000; ++i) {
    failed += injection.layer_fails() ? 1 : 0;
    EXPECT_FALSE(none.layer_fails());
  }
  EXPECT_NEAR(failed, 3000, 300);
  EXPECT_FALSE(injection.fails());
  EXPECT_THROW((void)make_fault("failing-layer=2"), std::invalid_argument);
}

TEST(Injection, SlowsDownForAWhileOnTheFaultsClock) {
  FaultClock clock(true);
  Injection injection({make_fault("slowdown=3/1/2"), make_fault("slow-dependency=0.1")}, clock);
  const auto begin = base::Clock::now();
  // Nothing while they are held but the work that does not depend on time.
  EXPECT_EQ(injection.work(begin + 1s), 100ms);
  EXPECT_TRUE(clock.begin(begin));
  EXPECT_EQ(injection.work(begin), 100ms);
  EXPECT_EQ(injection.work(begin + 1s), 300ms);
  EXPECT_EQ(injection.work(begin + 2999ms), 300ms);
  EXPECT_EQ(injection.work(begin + 3s), 100ms);
}

TEST(Injection, TheThreadsOfAServiceShareOneClock) {
  FaultClock clock(true);
  const Faults faults = {make_fault("stalled-acceptor=0.5/2")};
  const Injection one(faults, clock);
  const Injection other(faults, clock);
  const auto begin = base::Clock::now();
  EXPECT_EQ(one.stall(begin), 0s);
  EXPECT_TRUE(clock.begin(begin));
  for (const auto* each : {&one, &other}) {
    EXPECT_EQ(each->stall(begin), 500ms);
    EXPECT_EQ(each->stall(begin + 400ms), 100ms);
    EXPECT_EQ(each->stall(begin + 500ms), 0s);
    EXPECT_EQ(each->stall(begin + 2100ms), 400ms);
    // A thread that has looked at the time just before.
    EXPECT_EQ(each->stall(begin - 1ms), 500ms);
  }
}

TEST(FaultClock, BeginsOnce) {
  FaultClock clock(true);
  const auto begin = base::Clock::now();
  EXPECT_FALSE(clock.elapsed(begin));
  EXPECT_TRUE(clock.begin(begin));
  EXPECT_FALSE(clock.begin(begin + 1s));
  EXPECT_EQ(clock.elapsed(begin + 2s), 2s);
  FaultClock running;
  EXPECT_FALSE(running.begin());
  EXPECT_GE(running.elapsed(base::Clock::now()), 0s);
}

TEST(FaultClock, OfManyThreadsOneBeginsIt) {
  FaultClock clock(true);
  std::atomic<int> began = 0;
  {
    constexpr int count = 8;
    std::vector<std::jthread> threads;
    threads.reserve(count);
    for (int i = 0; i < count; ++i) {
      threads.emplace_back([&] { began += clock.begin() ? 1 : 0; });
    }
  }
  EXPECT_EQ(began, 1);
}

TEST(Injection, WithoutFaultsChangesNothing) {
  const FaultClock clock;
  Injection injection({}, clock);
  EXPECT_FALSE(injection.works());
  EXPECT_FALSE(injection.fails());
  EXPECT_EQ(injection.workers(), 0);
  EXPECT_EQ(injection.stall(base::Clock::now()), 0s);
  EXPECT_EQ(injection.prolong(base::Stop::serialize), 0);
}

TEST(Injection, StallsAtTheStartOfEveryPeriod) {
  const auto fault = make_fault("stalled-acceptor=0.5/2");
  EXPECT_EQ(fault->stall(0s, 0), 500ms);
  EXPECT_EQ(fault->stall(400ms, 0), 100ms);
  EXPECT_EQ(fault->stall(500ms, 0), 0s);
  EXPECT_EQ(fault->stall(4100ms, 0), 400ms);
}

TEST(Faults, AStuckAcceptorIsOneOfSeveral) {
  const auto fault = make_fault("stuck-acceptor=2/3");
  EXPECT_EQ(fault->stall(0s, 0), 0s);
  EXPECT_EQ(fault->stall(0s, 1), 3s);
  EXPECT_EQ(fault->stall(1s, 1), 2s);
  EXPECT_EQ(fault->stall(3s, 1), 0s);
  EXPECT_EQ(fault->stall(1s, 2), 0s);
  FaultClock clock(true);
  const Injection injection({fault}, clock);
  const auto begin = base::Clock::now();
  EXPECT_TRUE(clock.begin(begin));
  EXPECT_EQ(injection.stall(begin, 0), 0s);
  EXPECT_EQ(injection.stall(begin, 1), 3s);
}

TEST(Injection, SlowsOneStopOnly) {
  const FaultClock clock;
  const Injection injection({make_fault("slow-stop=serialize/0.1")}, clock);
  EXPECT_EQ(injection.prolong(base::Stop::serialize), 0.1);
  EXPECT_EQ(injection.prolong(base::Stop::handle), 0);
}

TEST(Injection, FailsItsShare) {
  const FaultClock clock;
  Injection injection({make_fault("fail=0.3")}, clock);
  int failed = 0;
  for (int i = 0; i < 10000; ++i) {
    failed += injection.fails() ? 1 : 0;
  }
  EXPECT_NEAR(failed, 3000, 250);
}

TEST(Faults, RefuseWhatMakesNoSense) {
  for (const auto* text : {"latency=normal/1/1",
                           "latency=lognormal/1",
                           "latency=constant/-1",
                           "latency=constant/nan",
                           "latency=",
                           "straggle=2/1",
                           "straggle=0.5",
                           "fail=x",
                           "workers=0",
                           "workers=1.5",
                           "seed=-1",
                           "slow-stop=accept/1",
                           "slow-stop=nowhere/1",
                           "stalled-acceptor=2/1",
                           "stalled-acceptor=0/0",
                           "stalled-acceptor=0/1e-12",
                           "stuck-acceptor=0/1",
                           "stuck-acceptor=1.5/1",
                           "stuck-acceptor=1",
                           "slowdown=1/2",
                           "slow-dependency=1e9",
                           "nothing=1",
                           "latency"}) {
    EXPECT_THROW((void)make_fault(text), std::invalid_argument) << text;
  }
}

TEST(Faults, EachSaysHowItIsWrittenAndWhatItDoes) {
  EXPECT_GE(fault_kinds().size(), 9U);
  for (const auto& [name, kind] : fault_kinds()) {
    EXPECT_EQ(name, kind.name);
    EXPECT_FALSE(kind.usage.empty()) << name;
    EXPECT_FALSE(kind.meaning.empty()) << name;
  }
}

}  // namespace
}  // namespace sevenstops::faults
