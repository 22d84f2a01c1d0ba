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

}  // namespace
}  // namespace sevenstops::base
