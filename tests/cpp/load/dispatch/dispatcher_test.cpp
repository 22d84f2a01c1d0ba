#include "load/dispatch/dispatcher.hpp"

#include <gtest/gtest.h>

#include "simulation.hpp"

namespace sevenstops::load {
namespace {

TEST(Dispatcher, ArrivalsComeExactlyAtTheirTimes) {
  Simulation simulation(constant(8, 1, 4));
  simulation.run(0.25);
  ASSERT_EQ(simulation.served.size(), 8U);
  for (std::size_t i = 0; i < 8; ++i) {
    EXPECT_EQ(simulation.served[i].intended, static_cast<double>(i) / 8);
    EXPECT_EQ(simulation.served[i].begun, simulation.served[i].intended);
  }
  const auto result = simulation.result();
  EXPECT_EQ(result.client.lateness.total(), 8U);
  EXPECT_EQ(result.client.lateness.highest_seen(), 0U);
  EXPECT_EQ(result.blocked.no_connection, 0U);
  EXPECT_EQ(result.all.latency.highest_seen(), 250'000U);
  // The last begins at 0.875 s and takes 0.25 s.
  EXPECT_DOUBLE_EQ(simulation.since_start(), 1.125);
}

TEST(Dispatcher, ATraceIsFollowedThroughAnHourOfSilence) {
  Plan plan;
  plan.arrivals = {{.kind = "trace", .duration = 3600, .times = {0.5, 0.5, 3599.25}}};
  Simulation simulation(plan);
  simulation.run(0);
  ASSERT_EQ(simulation.served.size(), 3U);
  EXPECT_EQ(simulation.served[1].begun, 0.5);
  EXPECT_EQ(simulation.served[2].begun, 3599.25);
  EXPECT_DOUBLE_EQ(simulation.since_start(), 3600);
}

TEST(Dispatcher, AJobWaitsWhileNobodyIsFree) {
  Simulation simulation(constant(8, 1, 1));
  simulation.run(0.25);
  ASSERT_EQ(simulation.served.size(), 8U);
  for (std::size_t i = 0; i < 8; ++i) {
    EXPECT_EQ(simulation.served[i].intended, static_cast<double>(i) / 8);
    EXPECT_EQ(simulation.served[i].begun, static_cast<double>(i) / 4);
  }
  const auto result = simulation.result();
  EXPECT_EQ(result.blocked.no_connection, 7U);
  EXPECT_EQ(result.blocked.seconds.total(), 7U);
  // The last came at 0.875 s and began at 1.75 s. It counts from the moment it was intended.
  EXPECT_EQ(result.blocked.seconds.highest_seen(), 875'000U);
  EXPECT_EQ(result.all.latency.highest_seen(), 1'125'000U);
  EXPECT_EQ(result.all.response.highest_seen(), 250'000U);
  EXPECT_EQ(result.client.lateness.highest_seen(), 0U);
}

TEST(Dispatcher, WhoHasWaitedLongestIsNext) {
  Plan plan = constant(4, 1, 2);
  Simulation simulation(plan);
  std::vector<int> order;
  int users = 0;
  simulation.run([&](Worker& worker) {
    return [](Worker& w, std::vector<int>& seen, int me) -> Task<> {
      while (const auto job = co_await w.dispatcher().next_job()) {
        seen.push_back(me);
        w.recorder().answered(*job, w.now(), w.now(), 200, true);
      }
    }(worker, order, users++);
  });
  EXPECT_EQ(order, (std::vector<int>{0, 1, 0, 1}));
}

TEST(Dispatcher, AClosedLoopMakesAJobWhenItIsAskedFor) {
  Plan plan;
  plan.arrivals = {{.kind = "closed", .duration = 1}};
  plan.connections = 2;
  Simulation simulation(plan);
  simulation.run(0.25);
  ASSERT_EQ(simulation.served.size(), 8U);
  for (std::size_t i = 0; i < 8; ++i) {
    EXPECT_EQ(simulation.served[i].begun, static_cast<double>(i - i % 2) / 8);
    EXPECT_EQ(simulation.served[i].intended, simulation.served[i].begun);
  }
  const auto result = simulation.result();
  EXPECT_EQ(result.requests, 8U);
  EXPECT_EQ(result.client.lateness.total(), 0U);
  EXPECT_EQ(result.blocked.no_connection, 0U);
  EXPECT_DOUBLE_EQ(simulation.since_start(), 1);
}

// A user that hands its first job back unserved.
Task<> reluctant(Worker& worker, std::vector<double>& served, const Simulation& simulation) {
  bool first = true;
  while (const auto job = co_await worker.dispatcher().next_job()) {
    if (std::exchange(first, false)) {
      co_await worker.engine().sleep_until(worker.now() + base::seconds(0.75));
      worker.dispatcher().requeue(*job);
      continue;
    }
    served.push_back(simulation.since_start(job->intended));
    worker.recorder().answered(*job, worker.now(), worker.now(), 200, true);
  }
}

TEST(Dispatcher, AJobGivenBackGoesFirst) {
  Simulation simulation(constant(4, 1, 1));
  std::vector<double> served;
  simulation.run([&](Worker& worker) { return reluctant(worker, served, simulation); });
  EXPECT_EQ(served, (std::vector<double>{0, 0.25, 0.5, 0.75}));
  EXPECT_EQ(simulation.result().all.outcomes(), (std::map<std::string, std::uint64_t>{{"2xx", 4}}));
}

TEST(Dispatcher, ThreadsShareTheArrivals) {
  auto plan = constant(8, 1, 2);
  plan.threads = 2;
  for (const std::int64_t index : {0, 1}) {
    Simulation simulation(plan, index);
    simulation.run(0);
    ASSERT_EQ(simulation.served.size(), 4U);
    EXPECT_EQ(simulation.served[1].begun, 0.25 + static_cast<double>(index) / 8);
  }
}

}  // namespace
}  // namespace sevenstops::load
