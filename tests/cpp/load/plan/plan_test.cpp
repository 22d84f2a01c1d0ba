#include "load/plan/plan.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <stdexcept>

#include "plans.hpp"

namespace sevenstops::load {
namespace {

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

TEST(Plan, KnowsWhichCrowdSendsARequest) {
  auto plan = of({{.duration = 1, .rate = 10}});
  plan.crowds = {{.kind = "resetter"}, {.kind = "half_closer", .name = "halves"}};
  EXPECT_FALSE(plan.crowd_of(plan.requests[0]));
  EXPECT_EQ(plan.crowd_of({.client = "resetter"}), 0U);
  EXPECT_EQ(plan.crowd_of({.client = "halves"}), 1U);
  EXPECT_FALSE(plan.crowd_of({.client = "half_closer"}));
}

}  // namespace
}  // namespace sevenstops::load
