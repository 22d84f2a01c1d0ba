#include "load/plan/pattern.hpp"

#include <gtest/gtest.h>

#include <set>
#include <stdexcept>

namespace sevenstops::load {
namespace {

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

}  // namespace
}  // namespace sevenstops::load
