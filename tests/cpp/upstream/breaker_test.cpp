#include "upstream/breaker.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace sevenstops::upstream {
namespace {

using namespace std::chrono_literals;
using Result = Breaker::Result;

struct BreakerTest : testing::Test {
  base::MetricGroup group;
  base::Gauge open{group, "open", "Open breakers."};
  base::Counter opened;
  Breaker breaker{0.5, 250ms, open, opened};
  Clock::time_point now{1000s};

  // Asks once, if it may.
  bool request(Result result) {
    auto permit = breaker.acquire(now);
    if (permit) {
      permit->record(result, now);
    }
    return permit.has_value();
  }
  int requested(Result result, int times) {
    int allowed = 0;
    for (int i = 0; i < times; ++i) {
      allowed += request(result) ? 1 : 0;
    }
    return allowed;
  }
};

TEST_F(BreakerTest, OpensOnceHalfOfEnoughAsksFailed) {
  EXPECT_EQ(requested(Result::failed, 19), 19);
  EXPECT_EQ(open.value(), 0U);
  EXPECT_EQ(requested(Result::failed, 100), 1);
  EXPECT_EQ(open.value(), 1U);
}

TEST_F(BreakerTest, StaysClosedWhileLessFails) {
  for (int i = 0; i < 1000; ++i) {
    EXPECT_TRUE(request(Result::succeeded));
    EXPECT_TRUE(request(i % 2 == 0 ? Result::failed : Result::succeeded));
  }
}

TEST_F(BreakerTest, ForgetsWhatFailedMoreThanASecondAgo) {
  EXPECT_EQ(requested(Result::failed, 19), 19);
  now += 1100ms;
  EXPECT_EQ(requested(Result::failed, 19), 19);
  EXPECT_EQ(open.value(), 0U);
}

TEST_F(BreakerTest, TriesAFewAfterItsPauseAndCloses) {
  requested(Result::failed, 20);
  now += 249ms;
  EXPECT_FALSE(breaker.acquire(now));
  now += 1ms;
  std::vector<Breaker::Permit> permits;
  while (auto permit = breaker.acquire(now)) {
    permits.push_back(std::move(*permit));
  }
  EXPECT_EQ(permits.size(), 5U);
  for (auto& permit : permits) {
    permit.record(Result::succeeded, now);
  }
  EXPECT_EQ(open.value(), 0U);
  EXPECT_EQ(requested(Result::succeeded, 100), 100);
}

TEST_F(BreakerTest, OpensAgainWhenATryFails) {
  requested(Result::failed, 20);
  now += 250ms;
  EXPECT_EQ(requested(Result::failed, 10), 1);
  EXPECT_EQ(opened.value(), 1U);
  EXPECT_EQ(open.value(), 1U);
  now += 249ms;
  EXPECT_FALSE(breaker.acquire(now));
}

TEST_F(BreakerTest, WhatWasAskedBeforeItOpenedSaysNothingAfterwards) {
  std::vector<Breaker::Permit> early;
  early.reserve(50);
  for (int i = 0; i < 50; ++i) {
    early.push_back(std::move(breaker.acquire(now).value()));
  }
  requested(Result::failed, 20);
  now += 250ms;
  const auto probe = breaker.acquire(now);
  ASSERT_TRUE(probe);
  for (auto& permit : early) {
    permit.record(Result::failed, now);
  }
  EXPECT_TRUE(breaker.acquire(now));
  EXPECT_EQ(opened.value(), 1U);
}

TEST_F(BreakerTest, WhatSaysNothingNeitherOpensNorCloses) {
  EXPECT_EQ(requested(Result::unknown, 100), 100);
  requested(Result::failed, 20);
  now += 250ms;
  EXPECT_EQ(requested(Result::unknown, 100), 100);
  EXPECT_EQ(open.value(), 1U);
}

TEST_F(BreakerTest, APermitThatNobodyUsesMakesRoomForAnother) {
  requested(Result::failed, 20);
  now += 250ms;
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(breaker.acquire(now));
  }
}

TEST_F(BreakerTest, AShareOfNothingNeverOpens) {
  breaker = Breaker(0, 250ms, open, opened);
  EXPECT_EQ(requested(Result::failed, 1000), 1000);
}

}  // namespace
}  // namespace sevenstops::upstream
