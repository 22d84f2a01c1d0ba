#include "load/plan/arrivals.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "plans.hpp"

namespace sevenstops::load {
namespace {

std::vector<Arrival> arrivals(const Plan& plan, std::int64_t thread = 0) {
  ArrivalSequence sequence(plan, thread);
  std::vector<Arrival> found;
  while (const auto arrival = sequence.next()) {
    found.push_back(*arrival);
  }
  return found;
}

std::vector<double> times(const Plan& plan, std::int64_t thread = 0) {
  std::vector<double> found;
  for (const auto& arrival : arrivals(plan, thread)) {
    found.push_back(arrival.at);
  }
  return found;
}

std::ptrdiff_t between(const std::vector<double>& sorted, double from, double to) {
  return std::ranges::lower_bound(sorted, to) - std::ranges::lower_bound(sorted, from);
}

TEST(Arrivals, ConstantAreEvenlySpaced) {
  const auto found = times(of({{.duration = 2, .rate = 100}}));
  ASSERT_EQ(found.size(), 200U);
  EXPECT_DOUBLE_EQ(found[50], 0.5);
}

TEST(Arrivals, PoissonGapsAreExponential) {
  constexpr double rate = 5000;
  const auto found = times(of({{.kind = "poisson", .duration = 10, .rate = rate}}));
  std::vector<double> gaps;
  for (std::size_t i = 1; i < found.size(); ++i) {
    gaps.push_back(found[i] - found[i - 1]);
  }
  std::ranges::sort(gaps);
  const auto n = static_cast<double>(gaps.size());
  double distance = 0;
  for (std::size_t i = 0; i < gaps.size(); ++i) {
    const auto expected = 1 - std::exp(-rate * gaps[i]);
    const auto below = static_cast<double>(i) / n;
    distance = std::max({distance, expected - below, below + 1 / n - expected});
  }
  // Kolmogorov and Smirnov: at a significance of 1 %, 1.63 / sqrt(n).
  EXPECT_LT(distance, 1.63 / std::sqrt(n));
  EXPECT_NEAR(n, 50000, 5 * std::sqrt(50000.0));
}

TEST(Arrivals, RampChangesItsRateEvenly) {
  const auto found = times(of({{.duration = 10, .rate = 0, .rate_end = 200}}));
  EXPECT_NEAR(static_cast<double>(found.size()), 1000, 1);
  // The integral of 20 t.
  EXPECT_NEAR(static_cast<double>(between(found, 0, 5)), 250, 1);
  EXPECT_NEAR(static_cast<double>(between(found, 9, 10)), 190, 1);
  const auto down = times(of({{.duration = 10, .rate = 200, .rate_end = 0}}));
  EXPECT_NEAR(static_cast<double>(between(down, 0, 1)), 190, 1);
}

TEST(Arrivals, StepsHoldTheirRate) {
  const auto found = times(of({{.duration = 3, .rate = 100, .rate_end = 300, .steps = 3}}));
  EXPECT_EQ(between(found, 0, 1), 100);
  EXPECT_EQ(between(found, 1, 2), 200);
  EXPECT_EQ(between(found, 2, 3), 300);
}

TEST(Arrivals, BurstsComeAtOnce) {
  EXPECT_EQ(times(of({{.duration = 2, .rate = 6, .burst = 3}})),
            (std::vector<double>{0, 0, 0, 0.5, 0.5, 0.5, 1, 1, 1, 1.5, 1.5, 1.5}));
}

TEST(Arrivals, SilenceHasNone) {
  const auto found = times(of({{.duration = 4, .rate = 100, .on = 0.5, .off = 1.5}}));
  EXPECT_EQ(found.size(), 100U);
  EXPECT_EQ(between(found, 0, 0.5), 50);
  EXPECT_EQ(between(found, 0.5, 2), 0);
  EXPECT_EQ(between(found, 2, 2.5), 50);
}

TEST(Arrivals, TraceIsFollowed) {
  const std::vector<double> trace{0.1, 0.1, 0.75};
  EXPECT_EQ(times(of({{.kind = "trace", .duration = 1, .times = trace}})), trace);
}

TEST(Arrivals, PhasesFollowEachOther) {
  const auto found = times(of({{.duration = 1, .rate = 2},
                               {.kind = "trace", .duration = 1, .times = {0.5}},
                               {.duration = 1, .rate = 2, .burst = 2}}));
  EXPECT_EQ(found, (std::vector<double>{0, 0.5, 1.5, 2, 2}));
}

TEST(Arrivals, ThreadsShareOneSequence) {
  auto plan = of({{.kind = "poisson", .duration = 2, .rate = 300}, {.duration = 1, .rate = 50}});
  const auto alone = times(plan);
  plan.threads = 3;
  std::vector<double> together;
  for (std::int64_t thread = 0; thread < plan.threads; ++thread) {
    const auto part = times(plan, thread);
    together.insert(together.end(), part.begin(), part.end());
  }
  std::ranges::sort(together);
  EXPECT_EQ(together, alone);
}

TEST(Arrivals, MixFollowsItsWeights) {
  auto plan = of({{.duration = 10, .rate = 1000}});
  plan.requests = {{.name = "a", .weight = 9}, {.name = "b", .target = "/x/{1..9}", .weight = 1}};
  const auto found = arrivals(plan);
  const auto b = std::ranges::count(found, 1U, &Arrival::request);
  EXPECT_NEAR(static_cast<double>(b), 1000, 5 * std::sqrt(900.0));
  EXPECT_EQ(arrivals(plan).back().draw, found.back().draw);
}

}  // namespace
}  // namespace sevenstops::load
