#include "load/dispatch/population.hpp"

#include <gtest/gtest.h>

#include "simulation.hpp"

namespace sevenstops::load {
namespace {

Plan mixed(Crowd crowd) {
  Plan plan;
  plan.arrivals = {{.duration = 1, .rate = 8}};
  plan.requests = {{.name = "bad", .client = crowd.label()}};
  plan.crowds = {std::move(crowd)};
  return plan;
}

TEST(Population, TheMixMayHaveSoManyUnderWay) {
  // They stay until the end.
  Simulation simulation(mixed({.kind = "connection_flood", .count = 0, .at_most = 3}));
  simulation.run(0);
  const auto result = simulation.result();
  EXPECT_EQ(result.crowds[0].due, 8U);
  EXPECT_EQ(result.crowds[0].started, 3U);
  EXPECT_EQ(result.blocked.no_client, 5U);
  EXPECT_EQ(result.requests, 0U);
}

TEST(Population, WhoHasEndedMakesRoom) {
  // Each is there for 0.25 s, and one comes every 0.125 s.
  Simulation one(mixed({.kind = "resetter", .count = 0, .at_most = 1, .pause = 0.25}));
  one.run(0);
  EXPECT_EQ(one.result().crowds[0].started, 4U);
  EXPECT_EQ(one.result().blocked.no_client, 4U);
  Simulation two(mixed({.kind = "resetter", .count = 0, .at_most = 2, .pause = 0.25}));
  two.run(0);
  EXPECT_EQ(two.result().crowds[0].started, 8U);
}

TEST(Population, ThreadsShareWhatMayBeUnderWay) {
  auto plan = mixed({.kind = "connection_flood", .count = 3, .at_most = 3});
  plan.threads = 2;
  Simulation first(plan, 0);
  first.run(0);
  EXPECT_EQ(first.result().crowds[0].started, 2U + 2U);
  Simulation second(plan, 1);
  second.run(0);
  EXPECT_EQ(second.result().crowds[0].started, 1U + 1U);
}

TEST(Population, ClientsThatEndByThemselvesAreWaitedFor) {
  Plan plan;
  plan.arrivals = {{.duration = 1, .rate = 1}};
  plan.read_timeout = 4;
  plan.crowds = {{.kind = "endless_body", .bytes = 10}};
  Simulation simulation(plan);
  simulation.run(0);
  // It has sent its ten bytes at once and waits for an answer.
  EXPECT_NEAR(simulation.since_start(), 4, 0.01);
  EXPECT_EQ(simulation.result().crowds[0].statuses.at(0), 1U);
}

TEST(Population, ClientsThatLastAreNot) {
  Plan plan;
  plan.arrivals = {{.duration = 1, .rate = 1}};
  plan.crowds = {{.kind = "connection_flood", .count = 2}};
  Simulation simulation(plan);
  simulation.run(0);
  EXPECT_DOUBLE_EQ(simulation.since_start(), 1);
  EXPECT_EQ(simulation.result().crowds[0].started, 2U);
}

TEST(Population, ACrowdBeginsAgainUntilTheEnd) {
  Plan plan;
  plan.arrivals = {{.duration = 1, .rate = 1}};
  plan.crowds = {{.kind = "resetter", .repeat = true, .pause = 0.25}};
  Simulation simulation(plan);
  simulation.run(0);
  EXPECT_EQ(simulation.result().crowds[0].started, 4U);
  EXPECT_EQ(simulation.result().crowds[0].due, 4U);
  // Who ends at once pauses for 10 ms, and so does not spin.
  plan.crowds[0].pause = 0;
  Simulation quick(plan);
  quick.run(0);
  EXPECT_EQ(quick.result().crowds[0].started, 100U);
}

}  // namespace
}  // namespace sevenstops::load
