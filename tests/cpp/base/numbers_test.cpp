#include "base/numbers.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>

namespace sevenstops::base {
namespace {

TEST(ParseNumber, TakesTheWholeTextOrNothing) {
  EXPECT_EQ(parse_number<std::int64_t>("0"), 0);
  EXPECT_EQ(parse_number<std::int64_t>("-12"), -12);
  EXPECT_EQ(parse_number<int>("007"), 7);
  for (const auto* text : {"", " 1", "1 ", "+1", "1x", "x", "1.0", "1e3", "0x10", "-"}) {
    EXPECT_FALSE(parse_number<std::int64_t>(text)) << text;
  }
  EXPECT_FALSE(parse_number<int>(std::string("1\0", 2)));
}

TEST(ParseNumber, RefusesWhatTheTypeDoesNotHold) {
  EXPECT_EQ(parse_number<std::int64_t>("9223372036854775807"),
            std::numeric_limits<std::int64_t>::max());
  EXPECT_FALSE(parse_number<std::int64_t>("9223372036854775808"));
  EXPECT_EQ(parse_number<std::uint64_t>("18446744073709551615"),
            std::numeric_limits<std::uint64_t>::max());
  EXPECT_FALSE(parse_number<std::uint64_t>("18446744073709551616"));
  EXPECT_FALSE(parse_number<std::uint64_t>("-1"));
  EXPECT_FALSE(parse_number<std::uint16_t>("65536"));
}

TEST(ParseNumber, ReadsOtherBases) {
  EXPECT_EQ(parse_number<unsigned>("fF", 16), 255U);
  EXPECT_FALSE(parse_number<unsigned>("g", 16));
  EXPECT_FALSE(parse_number<unsigned>("0x1", 16));
}

TEST(ParseNumber, TakesFiniteFractionsOnly) {
  EXPECT_EQ(parse_number<double>("0.25"), 0.25);
  EXPECT_EQ(parse_number<double>("1e3"), 1000.0);
  EXPECT_EQ(parse_number<double>("-2"), -2.0);
  for (const auto* text : {"", "inf", "-inf", "nan", "1e999", "+1", " 1", "1,5", "1s"}) {
    EXPECT_FALSE(parse_number<double>(text)) << text;
  }
}

}  // namespace
}  // namespace sevenstops::base
