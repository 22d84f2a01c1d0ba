#include "http/request.hpp"

#include <gtest/gtest.h>

namespace sevenstops::http {
namespace {

TEST(Request, FindsTheFirstFieldOfAName) {
  Request request;
  request.fields = {{"A", "1"}, {"X-B", "2"}, {"x-b", "3"}};
  ASSERT_NE(request.find("x-B"), nullptr);
  EXPECT_EQ(request.find("x-B")->value, "2");
  EXPECT_EQ(request.find("x"), nullptr);
}

TEST(Request, HasABodyWhenItIsFramed) {
  Request request;
  EXPECT_FALSE(request.has_body());
  request.content_length = 0;
  EXPECT_FALSE(request.has_body());
  request.content_length = 1;
  EXPECT_TRUE(request.has_body());
  request.content_length.reset();
  request.chunked = true;
  EXPECT_TRUE(request.has_body());
}

TEST(Request, ClearedItIsAsNewAndKeepsNoLargeMemory) {
  Request request;
  request.head = "head";
  request.method = request.target = request.path = request.query = request.head;
  request.minor_version = 0;
  request.fields = {{"A", "1"}};
  request.content_length = 7;
  request.chunked = request.expects_continue = request.body_read = true;
  request.keep_alive = false;
  request.body.assign(1 << 20, 'x');
  request.clear();
  EXPECT_TRUE(request.head.empty() && request.method.empty() && request.target.empty());
  EXPECT_TRUE(request.path.empty() && request.query.empty() && request.fields.empty());
  EXPECT_EQ(request.minor_version, 1);
  EXPECT_FALSE(request.content_length || request.chunked || request.expects_continue);
  EXPECT_TRUE(request.keep_alive);
  EXPECT_TRUE(request.body.empty() && !request.body_read);
  EXPECT_LE(request.body.capacity(), 64U << 10);
}

}  // namespace
}  // namespace sevenstops::http
