#include "http/deadline.hpp"

#include <gtest/gtest.h>

namespace sevenstops::http {
namespace {

using namespace std::chrono_literals;

TEST(Deadline, ReadsGrpcTimeouts) {
  EXPECT_EQ(parse_grpc_timeout("100m"), 100ms);
  EXPECT_EQ(parse_grpc_timeout("2S"), 2s);
  EXPECT_EQ(parse_grpc_timeout("3M"), 3min);
  EXPECT_EQ(parse_grpc_timeout("1H"), 1h);
  EXPECT_EQ(parse_grpc_timeout("0H"), 0s);
  EXPECT_EQ(parse_grpc_timeout("250u"), 250us);
  EXPECT_EQ(parse_grpc_timeout("99999999n"), 99999999ns);
  EXPECT_EQ(parse_grpc_timeout("99999999M"), 1h);
  for (const auto* text : {"", "m", "100", "1.5S", "-1S", "+1S", "100000000m", "1s", "1 S"}) {
    EXPECT_FALSE(parse_grpc_timeout(text)) << text;
  }
}

TEST(Deadline, TheSmallestBudgetCounts) {
  Request request;
  ASSERT_TRUE(budget_of(request));
  EXPECT_FALSE(*budget_of(request));
  request.fields = {{"x-request-deadline-ms", "300"},
                    {"grpc-timeout", "200m"},
                    {"X-Envoy-Expected-Rq-Timeout-Ms", "250"}};
  EXPECT_EQ(**budget_of(request), 200ms);
  request.fields[1].value = "soon";
  EXPECT_EQ(budget_of(request).error().status(), 400U);
}

}  // namespace
}  // namespace sevenstops::http
