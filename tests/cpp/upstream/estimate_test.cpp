#include "upstream/estimate.hpp"

#include <gtest/gtest.h>

#include "faults/injection.hpp"
#include "upstream/budget.hpp"

namespace sevenstops::upstream {
namespace {

double in_seconds(std::optional<Clock::duration> d) { return d ? base::in_seconds(*d) : -1; }

// A bucket is a sixteenth of a doubling: 4.4 %.
constexpr double width = 0.045;

TEST(LatencyEstimate, QuantilesOfWhatWasRecorded) {
  LatencyEstimate estimate;
  for (int ms = 1; ms <= 1000; ++ms) {
    estimate.record(std::chrono::milliseconds(ms), true);
  }
  EXPECT_TRUE(estimate.warm());
  EXPECT_NEAR(in_seconds(estimate.quantile(0.5)), 0.5, 0.5 * width);
  EXPECT_NEAR(in_seconds(estimate.quantile(0.95)), 0.95, 0.95 * width);
}

TEST(LatencyEstimate, SaysNothingBeforeItIsWarm) {
  LatencyEstimate estimate;
  for (int i = 0; i < 999; ++i) {
    estimate.record(std::chrono::milliseconds(10), true);
  }
  EXPECT_FALSE(estimate.hedge_after(0.95, 2));
  estimate.record(std::chrono::milliseconds(10), true);
  EXPECT_TRUE(estimate.hedge_after(0.95, 2));
}

TEST(LatencyEstimate, GivenUpAttemptsCountAsLonger) {
  // Of attempts that take 10 ms or 1 s, the long ones are given up at 20 ms: counted as done, they
  // would make p99 20 ms; left out, they would be gone.
  LatencyEstimate estimate;
  for (int i = 0; i < 2000; ++i) {
    const bool slow = i % 20 == 0;
    estimate.record(std::chrono::milliseconds(slow ? 20 : 10), !slow);
  }
  EXPECT_NEAR(in_seconds(estimate.quantile(0.94)), 0.010, 0.010 * width);
  EXPECT_FALSE(estimate.quantile(0.96));
}

TEST(LatencyEstimate, ForgetsWhatIsLongAgo) {
  LatencyEstimate estimate;
  for (int i = 0; i < 20000; ++i) {
    estimate.record(std::chrono::milliseconds(10), true);
  }
  for (int i = 0; i < 20000; ++i) {
    estimate.record(std::chrono::milliseconds(100), true);
  }
  EXPECT_NEAR(in_seconds(estimate.quantile(0.5)), 0.1, 0.1 * width);
}

TEST(LatencyEstimate, FindsThePointBelowTheSlowMode) {
  const faults::FaultClock clock;
  faults::Injection leaf(
      {faults::make_fault("latency=lognormal/0.010/0.3"), faults::make_fault("straggle=0.01/1")},
      clock);
  LatencyEstimate estimate;
  for (int i = 0; i < 20000; ++i) {
    estimate.record(leaf.work(Clock::now()), true);
  }
  const auto after = in_seconds(estimate.hedge_after(0, 2));
  // Cheap: at most some 3 % of requests are hedged; and of use: long before the slow ones answer.
  EXPECT_GT(after, in_seconds(estimate.quantile(0.96)));
  EXPECT_LT(after, 0.05);
  EXPECT_GT(in_seconds(estimate.quantile(0.995)), 0.9);
}

TEST(ExtraBudget, StartsEmptyAndAllowsItsShare) {
  ExtraBudget budget(0.05);
  EXPECT_FALSE(budget.spend());
  int spent = 0;
  for (int i = 0; i < 1000; ++i) {
    budget.earn();
    spent += budget.spend() ? 1 : 0;
  }
  EXPECT_NEAR(spent, 50, 1);
}

TEST(ExtraBudget, SavesAHundredAtMost) {
  ExtraBudget budget(0.5);
  for (int i = 0; i < 1000; ++i) {
    budget.earn();
  }
  int spent = 0;
  while (spent < 1000 && budget.spend()) {
    ++spent;
  }
  EXPECT_EQ(spent, 100);
}

}  // namespace
}  // namespace sevenstops::upstream
