#include "upstream/estimate.hpp"

#include <gtest/gtest.h>

#include <random>

#include "faults/injection.hpp"
#include "upstream/budget.hpp"

namespace sevenstops::upstream {
namespace {

double in_seconds(std::optional<Clock::duration> d) {
  return d ? std::chrono::duration<double>(*d).count() : -1;
}

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
  const DependencyModel leaf{.shape = DependencyModel::Shape::lognormal,
                             .typical = 0.010,
                             .spread = 0.3,
                             .straggler_share = 0.01,
                             .straggler_seconds = 1};
  std::mt19937_64 random(7);
  LatencyEstimate estimate;
  for (int i = 0; i < 20000; ++i) {
    estimate.record(seconds(leaf.draw(random)), true);
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

TEST(DependencyModel, ReadsFaultsAndDrawsTheSameAgain) {
  DependencyModel model;
  EXPECT_TRUE(set_fault(model, "latency", "lognormal/0.01/0.5"));
  EXPECT_TRUE(set_fault(model, "straggle", "0.01/1"));
  EXPECT_FALSE(set_fault(model, "stalled-acceptor", "1/2"));
  std::mt19937_64 random(model.seed);
  std::mt19937_64 same(model.seed);
  int slow = 0;
  int above = 0;
  for (int i = 0; i < 100000; ++i) {
    const auto drawn = model.draw(random);
    EXPECT_EQ(drawn, model.draw(same));
    slow += drawn > 1 ? 1 : 0;
    above += drawn > 0.01 ? 1 : 0;
  }
  EXPECT_NEAR(slow, 1000, 100);
  EXPECT_NEAR(above, 50500, 700);
}

TEST(DependencyModel, RefusesWhatIsNoModel) {
  DependencyModel model;
  for (const auto& [name, value] :
       std::vector<std::pair<const char*, const char*>>{{"latency", "normal/1/1"},
                                                        {"latency", "lognormal/1"},
                                                        {"latency", "constant/-1"},
                                                        {"latency", "constant/nan"},
                                                        {"straggle", "2/1"},
                                                        {"straggle", "0.5"},
                                                        {"fail", "x"},
                                                        {"workers", "0"}}) {
    EXPECT_THROW(set_fault(model, name, value), std::invalid_argument) << name << '=' << value;
  }
}

}  // namespace
}  // namespace sevenstops::upstream
