#include "load/plan/plan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <stdexcept>

#include "load/plan/arrivals.hpp"
#include "load/plan/pattern.hpp"

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

Plan of(std::vector<Phase> phases) {
  Plan plan;
  plan.arrivals = std::move(phases);
  plan.check();
  return plan;
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

TEST(Pattern, DrawsFromItsRange) {
  const Pattern pattern("/users/{1..3}?sort={name|age}");
  std::set<std::string> seen;
  for (std::uint64_t draw = 0; draw < 200; ++draw) {
    std::string target;
    pattern.append(target, draw);
    seen.insert(target);
  }
  EXPECT_EQ(seen.size(), 6U);
  EXPECT_TRUE(seen.contains("/users/3?sort=age"));
  EXPECT_FALSE(pattern.fixed());
  EXPECT_TRUE(Pattern("/healthz").fixed());
  for (const auto* bad : {"/a/{1..", "/a/{3..1}", "/a/{x}", "/a/{1..x}"}) {
    EXPECT_THROW(Pattern{bad}, std::invalid_argument) << bad;
  }
}

TEST(Plan, FingerprintFollowsTheLoadAndNotTheThreads) {
  const auto plan = of({{.duration = 2, .rate = 100}});
  auto other = plan;
  other.threads = 4;
  other.allow = {"example.test"};
  EXPECT_EQ(other.fingerprint(), plan.fingerprint());
  EXPECT_EQ(plan.fingerprint().size(), 7U + 64U);
  const auto differs = [&](auto change) {
    auto changed = plan;
    change(changed);
    return changed.fingerprint() != plan.fingerprint();
  };
  EXPECT_TRUE(differs([](Plan& p) { p.seed = 8; }));
  EXPECT_TRUE(differs([](Plan& p) { p.arrivals[0].rate = 101; }));
  EXPECT_TRUE(differs([](Plan& p) { p.keep_alive = false; }));
  EXPECT_TRUE(differs([](Plan& p) { p.read_timeout = 1; }));
  EXPECT_TRUE(differs([](Plan& p) { p.warm_up = 1; }));
  EXPECT_TRUE(differs([](Plan& p) { p.protocol = "h2"; }));
  EXPECT_TRUE(differs([](Plan& p) { p.requests[0].body = "x"; }));
  EXPECT_TRUE(differs([](Plan& p) { p.requests[0].expect = "x"; }));
  EXPECT_TRUE(differs([](Plan& p) { p.crowds.push_back({.kind = "endless_body"}); }));
}

TEST(Plan, JsonIsReadAsItWasWritten) {
  auto plan = of({{.duration = 0.1, .rate = 1.0 / 3, .rate_end = 7},
                  {.kind = "trace", .duration = 1, .times = {0.25}}});
  plan.requests.push_back({.name = "second", .headers = {{"A", "b"}}, .body = "ü"});
  plan.crowds = {{.kind = "raw", .pieces = {{"GET", 0.5}}}};
  EXPECT_EQ(plan_from_json(plan.canonical()).canonical(), plan.canonical());
  EXPECT_EQ(plan_from_json(R"({"seed": 9})").seed, 9U);
}

TEST(Plan, FieldsThatAreWrongInJsonAreNamed) {
  const auto sentence = [](const char* text) -> std::string {
    try {
      (void)plan_from_json(text);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(sentence(R"({"rhythm": 1})"), "plan: rhythm is not a field");
  EXPECT_EQ(sentence(R"({"arrivals": [{"rates": 1}]})"), "plan: arrivals[0].rates is not a field");
  EXPECT_EQ(sentence(R"({"seed": -1})"), "plan: seed must be a whole number in its range");
  EXPECT_EQ(sentence(R"({"seed": "x"})"), "plan: seed must be a whole number in its range");
  EXPECT_EQ(sentence(R"({"requests": {}})"), "plan: requests must be a list");
  EXPECT_EQ(sentence(R"({"keep_alive": 1})"), "plan: keep_alive must be true or false");
  EXPECT_EQ(sentence(R"({"requests": [{"headers": [["a"]]}]})"),
            "plan: requests[0].headers[0] must be a pair");
  EXPECT_EQ(sentence("[]"), "plan: the whole must be an object of named fields");
  EXPECT_NE(sentence("{").find("not JSON"), std::string::npos);
}

TEST(Plan, RefusesWhatMakesNoSense) {
  const auto refused = [](const char* field, auto change) {
    Plan plan;
    plan.arrivals = {{.duration = 1, .rate = 10}};
    plan.check();
    change(plan);
    try {
      plan.check();
      ADD_FAILURE() << field << " was let through";
    } catch (const std::invalid_argument& error) {
      EXPECT_NE(std::string(error.what()).find(field), std::string::npos) << error.what();
    }
  };
  constexpr auto nan = std::numeric_limits<double>::quiet_NaN();
  refused("arrivals", [](Plan& p) { p.arrivals.clear(); });
  refused("arrivals[0].duration", [](Plan& p) { p.arrivals[0].duration = 0; });
  refused("arrivals[0].duration", [&](Plan& p) { p.arrivals[0].duration = nan; });
  refused("arrivals[0].rate", [](Plan& p) { p.arrivals[0].rate = -1; });
  refused("arrivals[0].rate", [](Plan& p) { p.arrivals[0].rate = 0; });
  refused("arrivals[0].kind", [](Plan& p) { p.arrivals[0].kind = "bursty"; });
  refused("arrivals[1].kind", [](Plan& p) { p.arrivals.push_back({.kind = "closed"}); });
  refused("arrivals[0].steps", [](Plan& p) { p.arrivals[0].steps = 3; });
  refused("arrivals[0].on", [](Plan& p) { p.arrivals[0].on = 1; });
  refused("arrivals[0].times", [](Plan& p) { p.arrivals[0] = {.kind = "trace"}; });
  refused("arrivals[0].times", [](Plan& p) { p.arrivals[0] = {.kind = "trace", .times = {2}}; });
  refused("warm_up", [](Plan& p) { p.warm_up = 1; });
  refused("connections", [](Plan& p) { p.connections = 0; });
  refused("threads", [](Plan& p) { p.threads = 1000; });
  refused("protocol", [](Plan& p) { p.protocol = "h3"; });
  refused("requests", [](Plan& p) { p.requests.clear(); });
  refused("requests[0].target", [](Plan& p) { p.requests[0].target = "http://x/"; });
  refused("requests[0].target", [](Plan& p) { p.requests[0].target = "/ HTTP/1.1\r\nX: y"; });
  refused("requests[0].target", [](Plan& p) { p.requests[0].target = "/{2..1}"; });
  refused("requests[0].method", [](Plan& p) { p.requests[0].method = "GET /x"; });
  refused("requests[0].headers", [](Plan& p) { p.requests[0].headers = {{"A", "b\r\nC: d"}}; });
  refused("requests[0].weight", [](Plan& p) { p.requests[0].weight = 0; });
  refused("requests[0].client", [](Plan& p) { p.requests[0].client = "nobody"; });
  refused("requests[1].name", [](Plan& p) { p.requests.push_back(p.requests[0]); });
  refused("crowds[0].kind", [](Plan& p) { p.crowds.push_back({.kind = "nobody"}); });
  refused("crowds[0].rate", [](Plan& p) { p.crowds.push_back({.kind = "slow_reader"}); });
  refused("http2.streams", [](Plan& p) { p.http2.streams = 0; });
}

TEST(Plan, CountsTheDescriptorsItNeeds) {
  auto plan = of({{.duration = 1, .rate = 10}});
  plan.connections = 8;
  plan.crowds = {{.kind = "half_closer", .count = 5},
                 {.kind = "resetter", .count = 0, .at_most = 7}};
  EXPECT_EQ(plan.descriptors(), 13);
  plan.requests[0].client = "resetter";
  EXPECT_EQ(plan.descriptors(), 20);
}

}  // namespace
}  // namespace sevenstops::load
