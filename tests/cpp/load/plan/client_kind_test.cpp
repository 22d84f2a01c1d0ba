#include "load/plan/client_kind.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace sevenstops::load {
namespace {

TEST(ClientKind, IsFoundByItsName) {
  const auto* kind = client_kind("slow_reader");
  ASSERT_NE(kind, nullptr);
  EXPECT_EQ(kind->name, "slow_reader");
  EXPECT_EQ(client_kind("nobody"), nullptr);
}

TEST(ClientKind, EachNeedsFieldsThatACrowdHas) {
  constexpr std::array<std::string_view, 3> fields = {"rate", "bytes", "pieces"};
  for (const auto& [name, kind] : client_kinds()) {
    EXPECT_EQ(name, kind.name);
    for (const auto field : kind.needs) {
      EXPECT_NE(std::ranges::find(fields, field), fields.end()) << name << " needs " << field;
    }
  }
}

}  // namespace
}  // namespace sevenstops::load
