#include "stops/parse/parse.hpp"

#include <gtest/gtest.h>

#include <map>
#include <stdexcept>
#include <tuple>
#include <utility>

#include "../../support/run.hpp"
#include "../fakes.hpp"
#include "stops/parse/http1_content.hpp"

namespace sevenstops::stops {
namespace {

using fakes::FakeBytes;
using fakes::FakeCaller;
using http::Outcome;
using http::Reason;
using http::Request;
using Read = Bytes::Read;

constexpr auto timed_out = Read::timed_out;

// Far apart, so that a deadline tells which of them it came from.
const ParseSettings settings = {.request_line_limit = 64,
                                .header_limit = 256,
                                .header_count = 3,
                                .body_limit = 8,
                                .head_timeout = 100,
                                .body_timeout = 1000,
                                .idle_timeout = 10};
const std::string get = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";

// The same limits, asked last.
const ParseSettings late = [] {
  auto changed = settings;
  changed.check_before_buffering = false;
  return changed;
}();

Outcome<void> head(FakeBytes& bytes, Request& request, const ParseSettings& by = settings) {
  Outcome<void> outcome;
  test::run([&]() -> asio::awaitable<void> {
    const Parse parse(by);
    outcome = co_await parse.head(bytes, request);
  });
  return outcome;
}

Reason refused(std::deque<FakeBytes::Step> steps, std::string unread = {}) {
  FakeBytes bytes(std::move(steps), std::move(unread));
  Request request;
  const auto outcome = head(bytes, request);
  EXPECT_FALSE(outcome);
  return outcome ? Reason::client_left : outcome.error().reason;
}

// Seconds from now until a deadline, to the next ten.
int seconds_left(Clock::time_point deadline) {
  return static_cast<int>(base::in_seconds(deadline - Clock::now()) / 10 + 0.99) * 10;
}

TEST(Parse, ReadsAHeadHoweverItComes) {
  for (std::size_t size = 1; size <= get.size(); ++size) {
    std::deque<FakeBytes::Step> steps;
    for (std::size_t i = 0; i < get.size(); i += size) {
      steps.emplace_back(get.substr(i, size));
    }
    FakeBytes bytes(steps);
    Request request;
    ASSERT_TRUE(head(bytes, request)) << size;
    EXPECT_EQ(request.method, "GET");
    EXPECT_EQ(request.path, "/healthz");
    EXPECT_EQ(request.head, get);
    EXPECT_TRUE(bytes.unread().empty());
  }
}

TEST(Parse, WhatFollowsAHeadIsTheNexts) {
  FakeBytes bytes({get + "abc" + get});
  Request request;
  ASSERT_TRUE(head(bytes, request));
  EXPECT_EQ(bytes.unread(), "abc" + get);
}

TEST(Parse, BetweenTwoRequestsItWaitsForAsLongAsItIsIdle) {
  FakeBytes bytes({get.substr(0, 5), get.substr(5)});
  Request request;
  const auto before = Clock::now();
  ASSERT_TRUE(head(bytes, request));
  ASSERT_EQ(bytes.deadlines.size(), 2U);
  EXPECT_EQ(seconds_left(bytes.deadlines[0]), 10);
  EXPECT_EQ(bytes.deadlines[1], request.arrived + base::seconds(settings.head_timeout));
  EXPECT_GE(request.arrived, before);
}

TEST(Parse, APipelinedHeadHasTheTimeOfAHead) {
  FakeBytes bytes({get.substr(1)}, get.substr(0, 1));
  Request request;
  ASSERT_TRUE(head(bytes, request));
  ASSERT_EQ(bytes.deadlines.size(), 1U);
  EXPECT_EQ(seconds_left(bytes.deadlines[0]), 100);
}

TEST(Parse, SilenceAndCloseBeforeAHeadAreIdle) {
  EXPECT_EQ(refused({}), Reason::idle);
  EXPECT_EQ(refused({timed_out}), Reason::idle);
}

TEST(Parse, ThatItClosesASilentConnectionIsCounted) {
  const auto closed_by = [](std::deque<FakeBytes::Step> steps) {
    ParseMetrics counted;
    FakeBytes bytes(std::move(steps));
    Request request;
    test::run([&]() -> asio::awaitable<void> {
      const Parse parse(settings, &counted);
      (void)co_await parse.head(bytes, request);
    });
    return counted.idle_closed.value();
  };
  EXPECT_EQ(closed_by({timed_out}), 1U);
  EXPECT_EQ(closed_by({}), 0U);
  EXPECT_EQ(closed_by({"GET /", timed_out}), 0U);
}

TEST(Parse, SilenceAndCloseWithinAHead) {
  EXPECT_EQ(refused({"GET /"}), Reason::closed);
  EXPECT_EQ(refused({"GET /", timed_out}), Reason::head_timeout);
  EXPECT_EQ(refused({timed_out}, "GET /"), Reason::head_timeout);
  EXPECT_EQ(refused({}, "GET /"), Reason::closed);
  // The one empty line that may stand before a request line is of the request.
  EXPECT_EQ(refused({"\r\n", timed_out}), Reason::head_timeout);
}

TEST(Parse, WhatIsRefusedBeforeItIsWholeMayBeAHead) {
  const std::string fields(300, 'a');
  const auto method_of = [](std::deque<FakeBytes::Step> steps) {
    FakeBytes bytes(std::move(steps));
    Request request;
    EXPECT_FALSE(head(bytes, request));
    return std::string(request.method);
  };
  EXPECT_EQ(method_of({"HEAD / HTTP/1.1\r\nA: " + fields}), "HEAD");
  EXPECT_EQ(method_of({"\r\nHEAD /" + fields}), "HEAD");
  EXPECT_EQ(method_of({"HEAD / HTTP/1.1\r\n", timed_out}), "HEAD");
  EXPECT_EQ(method_of({"HEADS / HTTP/1.1\r\nA: " + fields}), "");
  EXPECT_EQ(method_of({"GET / HTTP/1.1\r\nA: " + fields}), "");
}

TEST(Parse, LimitsHoldBeforeTheHeadIsWhole) {
  const std::string line = "GET / HTTP/1.1\r\n";
  EXPECT_EQ(refused({"GET /" + std::string(64, 'a')}), Reason::request_line_limit);
  EXPECT_EQ(refused({line + "A: " + std::string(300, 'a')}), Reason::header_limit);
  EXPECT_EQ(refused({line + "Host: a\r\nA: b\r\nC: d\r\nE: f\r\n"}), Reason::header_count);
  EXPECT_EQ(refused({"GET / HTTP/1.1\n"}), Reason::bare_line_feed);
  EXPECT_EQ(refused({line + "\r\n"}), Reason::host);
}

TEST(Parse, DeclaredLengthsAreRefusedBeforeAnythingIsRead) {
  Request request;
  request.content_length = 8;
  EXPECT_TRUE(Parse(settings).declared(request));
  request.content_length = 9;
  const auto outcome = Parse(settings).declared(request);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().reason, Reason::body_limit);
  EXPECT_TRUE(Parse(late).declared(request));
}

TEST(Parse, LimitsThatAreAskedLastRefuseTheSameHeadsOnceTheyAreWhole) {
  const std::string line = "GET / HTTP/1.1\r\nHost: a\r\n";
  const std::map<Reason, std::string> heads = {
      {Reason::request_line_limit, "GET /" + std::string(64, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n"},
      {Reason::header_limit, line + "A: " + std::string(300, 'a') + "\r\n\r\n"},
      {Reason::header_count, line + "A: b\r\nC: d\r\nE: f\r\n\r\n"}};
  for (const auto& [reason, whole] : heads) {
    std::deque<FakeBytes::Step> steps = {whole.substr(0, whole.size() - 2),
                                         whole.substr(whole.size() - 2)};
    for (const auto* by : {&settings, &late}) {
      FakeBytes bytes(steps);
      Request request;
      const auto outcome = head(bytes, request, *by);
      ASSERT_FALSE(outcome) << http::info(reason).name;
      EXPECT_EQ(outcome.error().reason, reason);
      // One read for the first part tells enough, or the end is waited for.
      EXPECT_EQ(bytes.deadlines.size(), by == &settings ? 1U : 2U) << http::info(reason).name;
    }
  }
  FakeBytes bytes({get + "next"});
  Request request;
  ASSERT_TRUE(head(bytes, request, late));
  EXPECT_EQ(request.head, get);
  EXPECT_EQ(bytes.unread(), "next");
}

TEST(Parse, WhatNeverEndsIsRefusedAtTheBound) {
  const auto endless = [](const std::string& begin, const std::string& piece,
                          const ParseSettings& by) {
    std::deque<FakeBytes::Step> steps = {begin};
    for (std::int64_t sent = 0; sent <= Parse::bound; sent += std::ssize(piece)) {
      steps.emplace_back(piece);
    }
    FakeBytes bytes(std::move(steps));
    Request request;
    const auto outcome = head(bytes, request, by);
    EXPECT_FALSE(outcome);
    const auto kept = static_cast<std::int64_t>(bytes.unread().size());
    return std::pair(outcome ? Reason::client_left : outcome.error().reason, kept);
  };
  const std::string field = "A: " + std::string(4091, 'a') + "\r\n";
  const std::string line = "GET / HTTP/1.1\r\nHost: a\r\n";
  auto [reason, kept] = endless(line, field, settings);
  EXPECT_EQ(reason, Reason::header_limit);
  EXPECT_LT(kept, 8192);
  std::tie(reason, kept) = endless(line, field, late);
  EXPECT_EQ(reason, Reason::header_limit);
  EXPECT_GT(kept, Parse::bound);
  EXPECT_LE(kept, Parse::bound + 4096);
  std::tie(reason, kept) = endless("GET /", std::string(4096, 'a'), late);
  EXPECT_EQ(reason, Reason::request_line_limit);
}

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

  ParseSettings by = settings;
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
  EXPECT_EQ(refused({"abc", timed_out}), Reason::body_timeout);
  request.body.clear();
  EXPECT_EQ(refused({timed_out}), Reason::body_timeout);
  EXPECT_EQ(refused({"abc"}), Reason::closed);
  EXPECT_FALSE(request.body_read);
  request.body.clear();
  request.content_length.reset();
  request.chunked = true;
  EXPECT_EQ(refused({"3\r\nab", timed_out}), Reason::body_timeout);
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
  EXPECT_EQ(refused({"a\r\nabcdefghij\r\n", timed_out}), Reason::body_timeout);
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

TEST(Parse, ABudgetWithoutRoomForABodyWithinTheLimitIsRefused) {
  ParseSettings by;
  by.body_limit = 1 << 20;
  by.byte_budget = (1 << 20) + 131072;
  EXPECT_NO_THROW(Parse{by});
  --by.byte_budget;
  try {
    const Parse parse(by);
    FAIL() << "it was taken";
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(error.what(),
                 "parse.byte_budget is 1179647 bytes, and a body of parse.body_limit, 1048576 "
                 "bytes, needs 1179648 with its connection");
  }
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
