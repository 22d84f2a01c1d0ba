#include "load/dispatch/request_bytes.hpp"

#include <gtest/gtest.h>

namespace sevenstops::load {
namespace {

std::string bytes_of(const RequestSpec& spec, std::uint64_t draw = 0, bool keep_alive = true) {
  Plan plan;
  plan.requests = {spec};
  plan.keep_alive = keep_alive;
  const RequestBytes bytes(plan, "example.test");
  std::string scratch;
  return std::string(bytes.http1({.intended = {}, .draw = draw}, scratch));
}

TEST(RequestBytes, AreAWholeRequest) {
  EXPECT_EQ(bytes_of({.target = "/a?b=c"}), "GET /a?b=c HTTP/1.1\r\nHost: example.test\r\n\r\n");
  EXPECT_EQ(
      bytes_of({.method = "POST", .target = "/a", .headers = {{"X-A", "b"}}, .body = "hello"}),
      "POST /a HTTP/1.1\r\nHost: example.test\r\nX-A: b\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_EQ(bytes_of({.target = "/"}, 0, false),
            "GET / HTTP/1.1\r\nHost: example.test\r\nConnection: close\r\n\r\n");
}

TEST(RequestBytes, SayTheLengthOfABodyWhereOneIsExpected) {
  EXPECT_NE(bytes_of({.method = "POST"}).find("Content-Length: 0\r\n"), std::string::npos);
  EXPECT_EQ(bytes_of({.method = "DELETE"}).find("Content-Length"), std::string::npos);
  EXPECT_TRUE(bytes_of({.method = "PUT", .body_size = 3}).ends_with("\r\n\r\nbbb"));
}

TEST(RequestBytes, ADrawnTargetIsMadeEachTime) {
  Plan plan;
  plan.requests = {{.target = "/users/{1..9}"}};
  const RequestBytes bytes(plan, "example.test");
  std::string scratch = "left over";
  for (std::uint64_t draw = 0; draw < 20; ++draw) {
    const Job job{.intended = {}, .draw = draw};
    std::string target;
    bytes.append_target(job, target);
    EXPECT_EQ(bytes.http1(job, scratch),
              "GET " + target + " HTTP/1.1\r\nHost: example.test\r\n\r\n");
  }
}

}  // namespace
}  // namespace sevenstops::load
