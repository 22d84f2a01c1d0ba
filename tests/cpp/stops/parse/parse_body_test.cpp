#include <gtest/gtest.h>

#include <map>
#include <stdexcept>
#include <tuple>
#include <utility>

#include "../../support/run.hpp"
#include "../fakes.hpp"
#include "limits.hpp"
#include "stops/parse/http1_content.hpp"
#include "stops/parse/parse.hpp"

namespace sevenstops::stops {
namespace {

using fakes::FakeBytes;
using fakes::FakeCaller;
using http::Outcome;
using http::Reason;
using http::Request;
using limits::early;
using limits::late;
using limits::seconds_left;
using Read = Bytes::Read;

class ParseBody : public ::testing::Test {
 protected:
  // Reads the body that comes in `steps`.
  Outcome<void> body(std::deque<FakeBytes::Step> steps, std::string unread = {}) {
    FakeBytes bytes(std::move(steps), std::move(unread));
    const Parse parse(by);
    Http1Content content(bytes, parse.most_body(), [this](std::uint64_t held, std::uint64_t more) {
      asked.emplace_back(held, more);
      return held + more <= free;
    });
    Outcome<void> outcome;
    test::run([&]() -> asio::awaitable<void> {
      outcome = co_await parse.body(request, content, caller);
    });
    deadlines = bytes.deadlines;
    rest = bytes.unread();
    return outcome;
  }
  Reason refused(std::deque<FakeBytes::Step> steps) {
    const auto outcome = body(std::move(steps));
    EXPECT_FALSE(outcome);
    return outcome ? Reason::client_left : outcome.error().reason;
  }

  ParseSettings by = early;
  Request request;
  FakeCaller caller;
  std::vector<Clock::time_point> deadlines;
  std::string rest;
  // The room it asked for, and what was to be free besides.
  using Asked = std::vector<std::pair<std::uint64_t, std::uint64_t>>;
  Asked asked;
  std::uint64_t free = 1 << 30;
};

TEST_F(ParseBody, ReadsWhatWasDeclared) {
  request.content_length = 6;
  ASSERT_TRUE(body({"abc", "defGET"}));
  EXPECT_EQ(request.body, "abcdef");
  EXPECT_TRUE(request.body_read);
  EXPECT_EQ(rest, "GET");
  // One deadline for the whole body, but for the time that what has come gives it.
  ASSERT_EQ(deadlines.size(), 2U);
  EXPECT_EQ(deadlines[1] - deadlines[0], base::seconds(3.0 / 4096));
  EXPECT_EQ(seconds_left(deadlines[0]), 1000);
}

TEST_F(ParseBody, WithoutARateTheTimeIsForTheWholeBody) {
  by.body_rate = 0;
  request.content_length = 6;
  ASSERT_TRUE(body({"abc", "def"}));
  ASSERT_EQ(deadlines.size(), 2U);
  EXPECT_EQ(deadlines[0], deadlines[1]);
}

TEST_F(ParseBody, ABodyThatKeepsItsRateMayTakeItsTime) {
  by.body_limit = 1000;
  by.body_rate = 10;
  request.content_length = 200;
  ASSERT_TRUE(body({std::string(100, 'x'), std::string(50, 'x'), std::string(50, 'x')}));
  ASSERT_EQ(deadlines.size(), 3U);
  EXPECT_EQ(deadlines[1] - deadlines[0], std::chrono::seconds(10));
  EXPECT_EQ(deadlines[2] - deadlines[1], std::chrono::seconds(5));
}

TEST_F(ParseBody, ReadsChunks) {
  request.chunked = true;
  ASSERT_TRUE(body({"3\r\nab", "c\r\n0\r", "\n\r\nGET"}));
  EXPECT_EQ(request.body, "abc");
  EXPECT_EQ(rest, "GET");
}

TEST_F(ParseBody, SilenceAndCloseWithinABody) {
  request.content_length = 6;
  EXPECT_EQ(refused({"abc", Read::timed_out}), Reason::body_timeout);
  request.body.clear();
  EXPECT_EQ(refused({Read::timed_out}), Reason::body_timeout);
  EXPECT_EQ(refused({"abc"}), Reason::closed);
  EXPECT_FALSE(request.body_read);
  request.body.clear();
  request.content_length.reset();
  request.chunked = true;
  EXPECT_EQ(refused({"3\r\nab", Read::timed_out}), Reason::body_timeout);
  EXPECT_EQ(refused({"3\r\nab"}), Reason::closed);
}

TEST_F(ParseBody, BrokenFramingAndTooMuchAreRefused) {
  request.chunked = true;
  EXPECT_EQ(refused({"x\r\n"}), Reason::chunk_size);
  EXPECT_EQ(refused({"9\r\n"}), Reason::body_limit);
  EXPECT_EQ(refused({"3\r\nabcd"}), Reason::chunk_end);
  request.chunked = false;
  request.body.clear();
  request.content_length = 100;
  EXPECT_EQ(refused({"abcd", "efgh", "i"}), Reason::body_limit);
}

TEST_F(ParseBody, ALimitThatIsAskedLastRefusesTheSameOnceItIsWhole) {
  by = late;
  request.content_length = 10;
  EXPECT_EQ(refused({"abcdefgh", "i", "j"}), Reason::body_limit);
  EXPECT_EQ(request.body, "abcdefghij");
  request.body.clear();
  request.content_length.reset();
  request.chunked = true;
  EXPECT_EQ(refused({"a\r\nabcdefghij\r\n", "0\r\n\r\n"}), Reason::body_limit);
  EXPECT_EQ(request.body, "abcdefghij");
  // Before its end nothing is known.
  request.body.clear();
  EXPECT_EQ(refused({"a\r\nabcdefghij\r\n", Read::timed_out}), Reason::body_timeout);
  request.body.clear();
  ASSERT_TRUE(body({"8\r\nabcdefgh\r\n0\r\n\r\n"}));
  EXPECT_EQ(request.body, "abcdefgh");
}

TEST_F(ParseBody, ABodyThatNeverEndsIsRefusedAtTheBound) {
  by = late;
  request.chunked = true;
  const std::string chunk = "10000\r\n" + std::string(65536, 'a') + "\r\n";
  std::deque<FakeBytes::Step> steps;
  for (std::int64_t sent = 0; sent <= Parse::bound; sent += 65536) {
    steps.emplace_back(chunk);
  }
  EXPECT_EQ(refused(std::move(steps)), Reason::body_limit);
  EXPECT_EQ(static_cast<std::int64_t>(request.body.size()), Parse::bound);
}

TEST_F(ParseBody, RoomIsEarned) {
  by.body_limit = 1 << 20;
  request.content_length = 100000;
  ASSERT_TRUE(body({std::string(1, 'x'), std::string(1023, 'x'), std::string(1, 'x'),
                    std::string(3000, 'x'), std::string(40000, 'x'), std::string(55975, 'x')}));
  EXPECT_EQ(asked, (Asked{{1024, 98976}, {4100, 0}, {100000, 0}}));
  // One that fits at first need not ask again.
  asked.clear();
  request.body.clear();
  request.content_length = 100;
  ASSERT_TRUE(body({std::string(99, 'x'), std::string(1, 'x')}));
  EXPECT_EQ(asked, (Asked{{100, 0}}));
}

TEST_F(ParseBody, RoomForAnUnknownLengthGrowsToTheLimit) {
  by.body_limit = 20000;
  request.chunked = true;
  ASSERT_TRUE(body({"400\r\n" + std::string(1024, 'x') + "\r\n",
                    "3e8\r\n" + std::string(1000, 'x') + "\r\n",
                    "1f40\r\n" + std::string(8000, 'x') + "\r\n", "0\r\n\r\n"}));
  EXPECT_EQ(asked, (Asked{{1024, 18976}, {8096, 0}, {20000, 0}}));
}

TEST_F(ParseBody, ANewOneWhoseLengthIsNotFreeIsRefusedBeforeItIsTold) {
  by.body_limit = 1 << 20;
  request.content_length = 100000;
  request.expects_continue = true;
  free = 99999;
  EXPECT_EQ(refused({std::string(100000, 'x')}), Reason::byte_budget);
  EXPECT_EQ(request.body, "");
  EXPECT_TRUE(caller.interims.empty());
  free = 100000;
  ASSERT_TRUE(body({std::string(100000, 'x')}));
}

TEST_F(ParseBody, OneThatCanNotGrowIsRefused) {
  by.body_limit = 1 << 20;
  request.chunked = true;
  free = 70000;
  EXPECT_EQ(refused({"4e20\r\n" + std::string(20000, 'x'), "\r\n0\r\n\r\n"}), Reason::byte_budget);
  EXPECT_FALSE(request.body_read);
}

TEST_F(ParseBody, OneWhoWaitsToBeToldIsToldOnce) {
  request.content_length = 6;
  request.expects_continue = true;
  ASSERT_TRUE(body({"abc", "def"}));
  EXPECT_EQ(caller.interims, std::vector<unsigned>{100});
}

TEST_F(ParseBody, OneWhoDidNotWaitIsNotTold) {
  request.content_length = 6;
  request.expects_continue = true;
  ASSERT_TRUE(body({"def"}, "abc"));
  EXPECT_TRUE(caller.interims.empty());
  request.body.clear();
  request.expects_continue = false;
  ASSERT_TRUE(body({"abcdef"}));
  EXPECT_TRUE(caller.interims.empty());
}

TEST_F(ParseBody, OneWhoIsGoneWhenItIsToldHasClosed) {
  request.content_length = 6;
  request.expects_continue = true;
  caller.leaves = true;
  EXPECT_EQ(refused({"abcdef"}), Reason::closed);
}

}  // namespace
}  // namespace sevenstops::stops
