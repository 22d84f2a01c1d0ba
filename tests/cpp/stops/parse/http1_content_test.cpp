#include "stops/parse/http1_content.hpp"

#include <gtest/gtest.h>

#include "../../support/run.hpp"
#include "../fakes.hpp"

namespace sevenstops::stops {
namespace {

using fakes::FakeBytes;
using http::Outcome;
using http::Reason;

struct Body {
  std::vector<std::string> pieces;
  std::string whole;
  Outcome<bool> last = false;
};

// Reads a body to its end, or to its refusal.
Body read(Http1Content& content, const http::Request& request) {
  Body body;
  test::run([&]() -> asio::awaitable<void> {
    content.begin(request);
    do {
      const auto before = body.whole.size();
      body.last = co_await content.next(body.whole, Clock::time_point::max());
      body.pieces.push_back(body.whole.substr(before));
    } while (body.last && *body.last);
  });
  return body;
}

http::Request of_length(std::uint64_t length) {
  http::Request request;
  request.content_length = length;
  return request;
}

http::Request in_chunks() {
  http::Request request;
  request.chunked = true;
  return request;
}

TEST(Http1Content, GivesWhatComesAsItComes) {
  FakeBytes bytes({"ab", "cdef", "next"});
  Http1Content content(bytes, 100);
  const auto body = read(content, of_length(6));
  EXPECT_TRUE(body.last);
  EXPECT_EQ(body.pieces, (std::vector<std::string>{"ab", "cdef"}));
  EXPECT_FALSE(content.begun());
}

TEST(Http1Content, LeavesTheNextRequestWhereItIs) {
  FakeBytes bytes({"abcGET"});
  Http1Content content(bytes, 100);
  EXPECT_EQ(read(content, of_length(3)).whole, "abc");
  EXPECT_EQ(bytes.unread(), "GET");
  EXPECT_TRUE(content.begun());
}

TEST(Http1Content, OneServesEveryRequestOfAConnection) {
  FakeBytes bytes({"3\r\nabc\r\n0\r\n\r\nde1\r\nf\r\n0\r\n\r\n"});
  Http1Content content(bytes, 100);
  EXPECT_EQ(read(content, in_chunks()).whole, "abc");
  EXPECT_EQ(read(content, of_length(2)).whole, "de");
  EXPECT_EQ(read(content, in_chunks()).whole, "f");
  EXPECT_TRUE(bytes.unread().empty());
}

TEST(Http1Content, ChunksMayComeByteByByte) {
  std::deque<FakeBytes::Step> steps;
  for (const char c : std::string("3;a=b\r\nabc\r\n0\r\nX: y\r\n\r\n")) {
    steps.emplace_back(std::string(1, c));
  }
  FakeBytes bytes(steps);
  Http1Content content(bytes, 3);
  const auto body = read(content, in_chunks());
  EXPECT_TRUE(body.last);
  EXPECT_EQ(body.whole, "abc");
}

TEST(Http1Content, AnEmptyBodyOfChunks) {
  FakeBytes bytes({"0\r\n\r\n"});
  Http1Content content(bytes, 0);
  const auto body = read(content, in_chunks());
  EXPECT_TRUE(body.last);
  EXPECT_TRUE(body.whole.empty());
}

TEST(Http1Content, TheLimitHoldsForWhatHasCome) {
  FakeBytes whole({std::string(10, 'a')});
  Http1Content enough(whole, 10);
  EXPECT_TRUE(read(enough, of_length(10)).last);
  FakeBytes longer({std::string(10, 'a'), "b"});
  Http1Content limited(longer, 10);
  const auto body = read(limited, of_length(20));
  ASSERT_FALSE(body.last);
  EXPECT_EQ(body.last.error().reason, Reason::body_limit);
}

TEST(Http1Content, MemoryDoesNotGrowBeyondTheLimit) {
  for (const bool chunked : {false, true}) {
    std::deque<FakeBytes::Step> steps;
    for (int i = 0; i < 10; ++i) {
      steps.emplace_back((chunked ? "3e8\r\n" : "") + std::string(1000, 'a') +
                         (chunked ? "\r\n" : ""));
    }
    steps.emplace_back(chunked ? "0\r\n\r\n" : "");
    FakeBytes bytes(std::move(steps));
    Http1Content content(bytes, 10000);
    const auto body = read(content, chunked ? in_chunks() : of_length(10000));
    EXPECT_TRUE(body.last);
    EXPECT_EQ(body.whole.size(), 10000U);
    EXPECT_LE(body.whole.capacity(), 10000U);
  }
}

TEST(Http1Content, SilenceAndCloseAreToldApart) {
  FakeBytes silent({"ab", Bytes::Read::timed_out});
  Http1Content waiting(silent, 100);
  auto body = read(waiting, of_length(6));
  ASSERT_FALSE(body.last);
  EXPECT_EQ(body.last.error().reason, Reason::body_timeout);
  FakeBytes closed({"ab"});
  Http1Content ended(closed, 100);
  body = read(ended, of_length(6));
  ASSERT_FALSE(body.last);
  EXPECT_EQ(body.last.error().reason, Reason::closed);
}

}  // namespace
}  // namespace sevenstops::stops
