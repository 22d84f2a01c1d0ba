#include "stops/parse/parse.hpp"

#include <gtest/gtest.h>

#include <map>
#include <stdexcept>
#include <tuple>
#include <utility>

#include "../../support/run.hpp"
#include "../fakes.hpp"
#include "limits.hpp"
#include "stops/parse/http1_content.hpp"

namespace sevenstops::stops {
namespace {

using fakes::FakeBytes;
using http::Outcome;
using http::Reason;
using http::Request;
using limits::early;
using limits::late;
using limits::seconds_left;
using Read = Bytes::Read;

const std::string get = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";

Outcome<void> head(FakeBytes& bytes, Request& request, const ParseSettings& by = early) {
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
  EXPECT_EQ(bytes.deadlines[1], request.arrived + base::seconds(early.head_timeout));
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
  EXPECT_EQ(refused({Read::timed_out}), Reason::idle);
}

TEST(Parse, ThatItClosesASilentConnectionIsCounted) {
  const auto closed_by = [](std::deque<FakeBytes::Step> steps) {
    ParseMetrics counted;
    FakeBytes bytes(std::move(steps));
    Request request;
    test::run([&]() -> asio::awaitable<void> {
      const Parse parse(early, &counted);
      (void)co_await parse.head(bytes, request);
    });
    return counted.idle_closed.value();
  };
  EXPECT_EQ(closed_by({Read::timed_out}), 1U);
  EXPECT_EQ(closed_by({}), 0U);
  EXPECT_EQ(closed_by({"GET /", Read::timed_out}), 0U);
}

TEST(Parse, SilenceAndCloseWithinAHead) {
  EXPECT_EQ(refused({"GET /"}), Reason::closed);
  EXPECT_EQ(refused({"GET /", Read::timed_out}), Reason::head_timeout);
  EXPECT_EQ(refused({Read::timed_out}, "GET /"), Reason::head_timeout);
  EXPECT_EQ(refused({}, "GET /"), Reason::closed);
  // The one empty line that may stand before a request line is of the request.
  EXPECT_EQ(refused({"\r\n", Read::timed_out}), Reason::head_timeout);
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
  EXPECT_EQ(method_of({"HEAD / HTTP/1.1\r\n", Read::timed_out}), "HEAD");
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
  EXPECT_TRUE(Parse(early).declared(request));
  request.content_length = 9;
  const auto outcome = Parse(early).declared(request);
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
    for (const auto* by : {&early, &late}) {
      FakeBytes bytes(steps);
      Request request;
      const auto outcome = head(bytes, request, *by);
      ASSERT_FALSE(outcome) << http::info(reason).name;
      EXPECT_EQ(outcome.error().reason, reason);
      // One read for the first part tells enough, or the end is waited for.
      EXPECT_EQ(bytes.deadlines.size(), by == &early ? 1U : 2U) << http::info(reason).name;
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
  auto [reason, kept] = endless(line, field, early);
  EXPECT_EQ(reason, Reason::header_limit);
  EXPECT_LT(kept, 8192);
  std::tie(reason, kept) = endless(line, field, late);
  EXPECT_EQ(reason, Reason::header_limit);
  EXPECT_GT(kept, Parse::bound);
  EXPECT_LE(kept, Parse::bound + 4096);
  std::tie(reason, kept) = endless("GET /", std::string(4096, 'a'), late);
  EXPECT_EQ(reason, Reason::request_line_limit);
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

}  // namespace
}  // namespace sevenstops::stops
