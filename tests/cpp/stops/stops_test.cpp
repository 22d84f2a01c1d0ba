#include "stops/stops.hpp"

#include <gtest/gtest.h>

namespace sevenstops::stops {
namespace {

// A connection whose peer does nothing.
class StillTransport final : public Transport {
 public:
  void give_up_overdue(Clock::time_point /*now*/) override {}
  [[nodiscard]] bool has_heard() override { return false; }
  void close() override { closed = true; }
  [[nodiscard]] std::optional<double> slower_than(std::int64_t /*sent*/, std::int64_t /*taken*/,
                                                  Clock::time_point /*now*/) const override {
    return 0.0;
  }

  void leave(bool /*last*/) override {}

  bool closed = false;
};

class StopsTest : public ::testing::Test {
 protected:
  static constexpr std::int64_t most = 1 << 20;

  StopsTest() { stops.speaking.push_back({&connection, std::nullopt, &charge}); }

  Backend backend{.store = std::make_shared<store::Store>(1, 1),
                  .workers = std::make_shared<store::Workers>(store::WorkerLimits{.threads = 1}),
                  .dependencies = {}};
  base::Log log;
  Metrics metrics;
  faults::FaultClock clock;
  base::Budget budget{most};
  base::Charge charge{budget};
  StillTransport connection;
  Stops stops{Settings(), backend, "let-me-in", {}, clock, metrics, log, budget};
};

TEST_F(StopsTest, TheSlowMayStayWhereTheBudgetIsNotSpent) {
  charge.set(most);
  stops.sweep();
  EXPECT_FALSE(connection.closed);
}

// Where all wait for their peers already, no connection asks for room.
TEST_F(StopsTest, ASweepEndsTheSlowWhereTheBudgetIsOverdrawn) {
  charge.set(most + 1);
  stops.sweep();
  EXPECT_TRUE(connection.closed);
  EXPECT_EQ(budget.held(), 0);
  EXPECT_EQ(metrics.parse.slow_ended.value(), 1U);
}

TEST_F(StopsTest, ASweepMakesTheRoomThatAnotherThreadHasMissed) {
  charge.set(most / 2);
  budget.turn_away(most / 2 + 1);
  stops.sweep();
  EXPECT_TRUE(connection.closed);
  EXPECT_EQ(metrics.parse.slow_ended.value(), 1U);
}

TEST_F(StopsTest, ManyWhoHoldLittleEachAreEndedToo) {
  constexpr std::int64_t little = 3000;
  std::list<base::Charge> charges;
  for (std::int64_t held = 0; held <= most; held += little) {
    charges.emplace_back(budget).set(little);
    stops.speaking.push_back({&connection, std::nullopt, &charges.back()});
  }
  stops.sweep();
  // No more of them than it takes.
  EXPECT_GE(budget.left(), most / 8);
  EXPECT_LE(budget.left(), most / 8 + little);
}

TEST_F(StopsTest, OneOfFewWhoHoldsLittleIsLeftAlone) {
  base::Charge other(budget);
  other.set(most + 1);
  charge.set(4095);
  stops.sweep();
  EXPECT_FALSE(connection.closed);
  EXPECT_EQ(charge.amount(), 4095);
}

TEST_F(StopsTest, RoomIsMadeForOneWhoAsks) {
  charge.set(most / 2);
  EXPECT_TRUE(stops.has_room(most / 2));
  EXPECT_FALSE(connection.closed);
  EXPECT_TRUE(stops.has_room(most / 2 + 1));
  EXPECT_TRUE(connection.closed);
}

TEST_F(StopsTest, NoRoomIsMadeOutOfNobody) {
  charge.set(most / 2);
  stops.speaking.clear();
  EXPECT_FALSE(stops.has_room(most / 2 + 1));
}

}  // namespace
}  // namespace sevenstops::stops
