#include "http/refusal.hpp"

#include <gtest/gtest.h>

#include <set>
#include <stdexcept>

namespace sevenstops::http {
namespace {

TEST(Refusal, EachReasonHasANameOfItsOwnAtItsStop) {
  std::set<std::pair<base::Stop, std::string_view>> names;
  for (const auto& reason : reasons) {
    EXPECT_FALSE(reason.name.empty());
    EXPECT_TRUE(names.emplace(reason.stop, reason.name).second) << reason.name;
    EXPECT_TRUE(reason.status == 0 || (reason.status >= 400 && reason.status < 600));
  }
}

TEST(Refusal, WhatCanNotBeAnsweredEndsItsConnectionOrItsStream) {
  for (const auto& about : reasons) {
    const bool resets_a_stream =
        about.reason == Reason::http2_message || about.reason == Reason::http2_streams;
    EXPECT_EQ(about.status == 0 && !about.ends_connection, resets_a_stream) << about.name;
  }
}

TEST(Refusal, AnOutcomeIsAValueOrARefusal) {
  const Outcome<int> value(7);
  EXPECT_EQ(*value, 7);
  const Outcome<int> refused = Refusal(Reason::method_not_allowed, "GET");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status(), 405U);
  EXPECT_EQ(refused.error().allow, "GET");
  EXPECT_THROW((void)refused.value(), std::logic_error);
  EXPECT_TRUE(refuses(Reason::write_timeout));
  EXPECT_FALSE(refuses(Reason::idle));
}

}  // namespace
}  // namespace sevenstops::http
