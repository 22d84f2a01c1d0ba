#include "stops/handle/endpoint.hpp"

#include <gtest/gtest.h>

namespace sevenstops::stops {
namespace {

using http::Reason;
using namespace std::chrono_literals;

TEST(Endpoints, RegisterThemselves) {
  for (const auto* name :
       {"healthz", "user", "user_me", "wipe", "echo", "orders", "report", "page", "export_csv"}) {
    const auto found = endpoints().find(name);
    ASSERT_NE(found, endpoints().end()) << name;
    EXPECT_EQ(found->second.name, name);
    EXPECT_NE(found->second.run, nullptr);
  }
}

TEST(Query, FindsANameAsItIsWritten) {
  EXPECT_EQ(query_text("a=1&b=2", "b"), "2");
  EXPECT_EQ(query_text("a=1&a=2", "a"), "1");
  EXPECT_EQ(query_text("a=", "a"), "");
  EXPECT_EQ(query_text("a=b=c", "a"), "b=c");
  EXPECT_EQ(query_text("&&a=%20&", "a"), "%20");
  for (const auto* query : {"", "a", "aa=1", "A=1", "b=a", "&", "=1"}) {
    EXPECT_FALSE(query_text(query, "a")) << query;
  }
}

TEST(Query, ANumberOrNone) {
  EXPECT_EQ(query_number("limit=20", "limit"), 20);
  EXPECT_EQ(query_number("limit=-5", "limit"), -5);
  EXPECT_FALSE(query_number("cursor=1", "limit"));
  for (const auto* query :
       {"limit=", "limit=x", "limit=1x", "limit=%31", "limit=1.5", "limit=99999999999999999999"}) {
    EXPECT_EQ(query_number(query, "limit"), -1) << query;
  }
}

class DeadlineOf : public ::testing::Test {
 protected:
  DeadlineOf() { request.arrived = Clock::now(); }

  HandleSettings settings{.deadline = 10};
  http::Request request;
};

TEST_F(DeadlineOf, ARequestThatBringsNoneHasTheServices) {
  const auto deadline = deadline_of(request, settings);
  ASSERT_TRUE(deadline);
  EXPECT_EQ(*deadline, request.arrived + 10s);
}

TEST_F(DeadlineOf, TheLessIsTaken) {
  request.fields.push_back({"X-Request-Deadline-Ms", "1500"});
  EXPECT_EQ(deadline_of(request, settings).value(), request.arrived + 1500ms);
  request.fields.back().value = "60000";
  EXPECT_EQ(deadline_of(request, settings).value(), request.arrived + 10s);
  request.fields.push_back({"grpc-timeout", "2S"});
  EXPECT_EQ(deadline_of(request, settings).value(), request.arrived + 2s);
}

TEST_F(DeadlineOf, WhatCanNotBeReadIsRefused) {
  request.fields.push_back({"X-Request-Deadline-Ms", "soon"});
  const auto deadline = deadline_of(request, settings);
  ASSERT_FALSE(deadline);
  EXPECT_EQ(deadline.error().reason, Reason::deadline_header);
}

TEST_F(DeadlineOf, NoneWhereDeadlinesAreNotPassedOn) {
  settings.propagate_deadline = false;
  request.fields.push_back({"X-Request-Deadline-Ms", "soon"});
  const auto deadline = deadline_of(request, settings);
  ASSERT_TRUE(deadline);
  EXPECT_FALSE(*deadline);
}

}  // namespace
}  // namespace sevenstops::stops
