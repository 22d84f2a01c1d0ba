#include "stops/http2/allowance.hpp"

#include <gtest/gtest.h>

namespace sevenstops::stops {
namespace {

using namespace std::chrono_literals;

int taken(Allowance& allowance, base::Clock::time_point now) {
  int n = 0;
  while (n < 1000 && allowance.take(now)) {
    ++n;
  }
  return n;
}

TEST(Allowance, ASecondsWorthIsAllowedAtOnceAndComesBackInASecond) {
  Allowance allowance(10);
  const auto now = base::Clock::now() + 1h;
  EXPECT_EQ(taken(allowance, now), 10);
  EXPECT_EQ(taken(allowance, now), 0);
  // One that was refused is owed.
  EXPECT_EQ(taken(allowance, now + 700ms), 5);
  EXPECT_EQ(taken(allowance, now + 1h), 10);
}

TEST(Allowance, WhatIsGivenComesOnTop) {
  Allowance allowance(10);
  allowance.give(5);
  EXPECT_EQ(taken(allowance, base::Clock::now() + 1h), 15);
}

TEST(Allowance, NoughtIsAnyNumber) {
  Allowance allowance(0);
  EXPECT_EQ(taken(allowance, base::Clock::now()), 1000);
}

}  // namespace
}  // namespace sevenstops::stops
