#include "load/dispatch/worker.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "simulation.hpp"

namespace sevenstops::load {
namespace {

using Outcomes = std::map<std::string, std::uint64_t>;

TEST(Worker, WarmUpIsSentAndNotRecorded) {
  auto plan = constant(8, 2, 1);
  plan.warm_up = 0.5;
  Simulation simulation(plan);
  simulation.run(0.25);
  EXPECT_EQ(simulation.served.size(), 16U);
  const auto result = simulation.result();
  EXPECT_EQ(result.warm_up_requests, 4U);
  EXPECT_EQ(result.requests, 12U);
  EXPECT_EQ(result.all.latency.total(), 12U);
  EXPECT_EQ(result.client.lateness.total(), 12U);
  // All but the first wait, the warm-up's three without being counted.
  EXPECT_EQ(result.blocked.no_connection, 12U);
  EXPECT_EQ(result.blocked.seconds.total(), 12U);
}

TEST(Worker, TheRequestIntendedAtTheEndOfTheWarmUpIsRecorded) {
  Plan plan;
  plan.arrivals = {{.kind = "trace", .duration = 1, .times = {0.25, 0.5}}};
  plan.warm_up = 0.5;
  Simulation simulation(plan);
  simulation.run(0);
  EXPECT_EQ(simulation.result().warm_up_requests, 1U);
  EXPECT_EQ(simulation.result().requests, 1U);
}

TEST(Worker, TheCoolDownWaitsForAnswers) {
  auto plan = constant(4, 1, 4);
  plan.cool_down = 2;
  Simulation simulation(plan);
  simulation.run(1.5);
  EXPECT_EQ(simulation.result().all.outcomes(), (Outcomes{{"2xx", 4}}));
  EXPECT_DOUBLE_EQ(simulation.since_start(), 2.25);
}

TEST(Worker, WhatHasNoAnswerWhenTheCoolDownIsOverIsLost) {
  auto plan = constant(4, 1, 2);
  plan.cool_down = 0.5;
  Simulation simulation(plan);
  simulation.run(60);
  // Two were under way and two never left.
  EXPECT_EQ(simulation.served.size(), 2U);
  const auto result = simulation.result();
  EXPECT_EQ(result.all.outcomes(), (Outcomes{{"lost", 4}}));
  EXPECT_EQ(result.blocked.no_connection, 2U);
  EXPECT_EQ(result.blocked.seconds.total(), 0U);
  EXPECT_DOUBLE_EQ(simulation.since_start(), 1.5);
}

TEST(Worker, CancelEndsItWithinItsLongestWait) {
  Simulation simulation(constant(4, 60, 1));
  simulation.run([&](Worker& worker) {
    return [](Worker& w, std::atomic<bool>& cancelled) -> Task<> {
      while (const auto job = co_await w.dispatcher().next_job()) {
        co_await w.engine().sleep_until(w.now() + base::seconds(0.625));
        cancelled = true;
        w.recorder().failed(*job, Ending::lost, w.now());
      }
    }(worker, simulation.cancelled);
  });
  EXPECT_NEAR(simulation.since_start(), 0.625, 0.05);
  EXPECT_EQ(simulation.result().all.outcomes(), (Outcomes{{"lost", 3}}));
}

TEST(Worker, AnExceptionOfAUserEndsTheLoadAndReachesWhoRanIt) {
  Simulation simulation(constant(4, 60, 2));
  const auto user = [](Worker& worker) -> Task<> {
    if (const auto job = co_await worker.dispatcher().next_job()) {
      worker.recorder().answered(*job, worker.now(), worker.now(), 200, true);
      throw std::runtime_error("a user's trouble");
    }
  };
  EXPECT_THROW(simulation.run(user), std::runtime_error);
  EXPECT_LT(simulation.since_start(), 1);
}

}  // namespace
}  // namespace sevenstops::load
