#include "base/budget.hpp"

#include <gtest/gtest.h>

namespace sevenstops::base {
namespace {

TEST(Budget, KnowsWhatIsHeld) {
  Budget budget(100);
  {
    Charge one(budget);
    Charge other(budget);
    one.set(60);
    other.set(60);
    EXPECT_EQ(budget.held(), 120);
    EXPECT_EQ(budget.left(), -20);
    one.set(10);
    EXPECT_EQ(one.amount(), 10);
    EXPECT_EQ(budget.left(), 30);
  }
  EXPECT_EQ(budget.held(), 0);
}

TEST(Budget, TellsOthersWhoHadToGoWithout) {
  Budget budget(100);
  EXPECT_EQ(budget.turned_away(), 0U);
  budget.turn_away(30);
  budget.turn_away(40);
  EXPECT_EQ(budget.turned_away(), 2U);
  EXPECT_EQ(budget.missed(), 40);
}

}  // namespace
}  // namespace sevenstops::base
