#include "load/plan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "load/arrivals.hpp"

namespace sevenstops {
namespace {

std::vector<double> times(const Plan& plan, std::int64_t thread = 0) {
  ArrivalSequence sequence(plan, thread);
  std::vector<double> found;
  while (const auto arrival = sequence.next()) {
    found.push_back(arrival->at);
  }
  return found;
}

Plan open_plan(Arrivals arrivals, double rate) {
  Plan plan;
  plan.arrivals = arrivals;
  plan.rate = rate;
  plan.duration = 2;
  return plan;
}

TEST(Arrivals, ConstantAreEvenlySpaced) {
  const auto found = times(open_plan(Arrivals::constant, 100));
  ASSERT_EQ(found.size(), 200U);
  EXPECT_DOUBLE_EQ(found[50], 0.5);
}

TEST(Arrivals, PoissonHasMeanAndVarianceOfItsRate) {
  auto plan = open_plan(Arrivals::poisson, 5000);
  plan.duration = 10;
  const auto found = times(plan);
  double squares = 0;
  for (std::size_t i = 1; i < found.size(); ++i) {
    squares += (found[i] - found[i - 1]) * (found[i] - found[i - 1]);
  }
  // Five standard deviations of 50,000 Poisson events.
  EXPECT_NEAR(static_cast<double>(found.size()), 50000, 5 * std::sqrt(50000.0));
  // An exponential gap's second moment is 2 / rate².
  EXPECT_NEAR(squares / static_cast<double>(found.size()) * 5000 * 5000, 2, 0.1);
}

TEST(Arrivals, BurstsComeAtOnce) {
  auto plan = open_plan(Arrivals::burst, 0);
  plan.burst_size = 3;
  plan.burst_period = 0.5;
  EXPECT_EQ(times(plan), (std::vector<double>{0, 0, 0, 0.5, 0.5, 0.5, 1, 1, 1, 1.5, 1.5, 1.5}));
}

TEST(Arrivals, ThreadsShareOneSequence) {
  auto plan = open_plan(Arrivals::poisson, 300);
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

TEST(Plan, FingerprintFollowsTheLoadAndNotTheThreads) {
  const auto plan = open_plan(Arrivals::constant, 100);
  auto other = plan;
  other.threads = 4;
  EXPECT_EQ(other.fingerprint(), plan.fingerprint());
  EXPECT_EQ(plan.fingerprint().size(), 7U + 64U);
  const auto differs = [&](auto change) {
    auto changed = plan;
    change(changed);
    return changed.fingerprint() != plan.fingerprint();
  };
  EXPECT_TRUE(differs([](Plan& p) { p.seed = 8; }));
  EXPECT_TRUE(differs([](Plan& p) { p.rate = 101; }));
  EXPECT_TRUE(differs([](Plan& p) { p.keep_alive = false; }));
  EXPECT_TRUE(differs([](Plan& p) { p.read_timeout = 1; }));
  EXPECT_TRUE(differs([](Plan& p) { p.requests[0].body = "x"; }));
  EXPECT_TRUE(differs([](Plan& p) { p.requests[0].expect = "x"; }));
  EXPECT_TRUE(differs([](Plan& p) { p.crowds.push_back({.kind = "endless_body"}); }));
}

TEST(Plan, RefusesWhatMakesNoSense) {
  const auto refused = [](auto change) {
    Plan plan;
    change(plan);
    EXPECT_THROW(plan.check(), std::invalid_argument);
  };
  refused([](Plan& p) { p.duration = 0; });
  refused([](Plan& p) { p.duration = std::numeric_limits<double>::quiet_NaN(); });
  refused([](Plan& p) { p.connections = 0; });
  refused([](Plan& p) { p.threads = 1000; });
  refused([](Plan& p) { p.arrivals = Arrivals::poisson; });
  refused([](Plan& p) { p.arrivals = Arrivals::burst; });
  refused([](Plan& p) { p.requests.clear(); });
  refused([](Plan& p) { p.requests[0].target = "http://x/"; });
  refused([](Plan& p) { p.requests[0].target = "/ HTTP/1.1\r\nX: y"; });
  refused([](Plan& p) { p.requests[0].method = "GET /x"; });
  refused([](Plan& p) { p.requests[0].headers = {{"A", "b\r\nC: d"}}; });
  refused([](Plan& p) { p.crowds.push_back({.kind = "nobody"}); });
  refused([](Plan& p) { p.crowds.push_back({.kind = "slow_reader"}); });
}

}  // namespace
}  // namespace sevenstops
