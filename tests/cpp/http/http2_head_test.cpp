#include "http/http2_head.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace sevenstops::http {
namespace {

using Fields = std::vector<std::pair<std::string_view, std::string_view>>;

const Fields get = {
    {":method", "GET"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/x?y"}};

Fields with(Fields base, const Fields& more) {
  base.insert(base.end(), more.begin(), more.end());
  return base;
}

struct Made {
  Request request;
  Outcome<void> outcome;
};

Made make(const Fields& fields, const HeadLimits& limits = {}, bool ended = true,
          bool secure = false) {
  Http2Head head(limits);
  for (const auto& [name, value] : fields) {
    head.add(name, value);
  }
  Made made;
  made.request.secure = secure;
  made.outcome = head.finish(made.request, limits, ended);
  return made;
}

Reason refused(const Fields& fields, const HeadLimits& limits = {}) {
  const auto made = make(fields, limits);
  return made.outcome ? Reason::idle : made.outcome.error().reason;
}

TEST(Http2Head, MakesTheRequestThatHttp1Makes) {
  const auto made = make(with(get, {{"accept", "*/*"}, {"content-length", "5"}}), {}, false);
  ASSERT_TRUE(made.outcome);
  const auto& request = made.request;
  EXPECT_EQ(request.major_version, 2);
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.target, "/x?y");
  EXPECT_EQ(request.path, "/x");
  EXPECT_EQ(request.query, "y");
  ASSERT_NE(request.find("host"), nullptr);
  EXPECT_EQ(request.find("host")->value, "a");
  EXPECT_EQ(request.find("Accept")->value, "*/*");
  EXPECT_EQ(request.content_length, 5U);
  EXPECT_FALSE(request.chunked);
  EXPECT_TRUE(request.has_body());
  EXPECT_TRUE(request.keep_alive);
}

TEST(Http2Head, ABodyWithoutALengthEndsByItsFrames) {
  EXPECT_TRUE(make(get, {}, false).request.chunked);
  EXPECT_FALSE(make(get, {}, true).request.has_body());
}

TEST(Http2Head, AsksForOneHostHoweverItIsSaid) {
  const Fields without = {{":method", "GET"}, {":scheme", "http"}, {":path", "/"}};
  EXPECT_EQ(refused(without), Reason::host);
  const auto by_field = make(with(without, {{"host", "b"}}));
  ASSERT_TRUE(by_field.outcome);
  EXPECT_EQ(by_field.request.find("host")->value, "b");
  EXPECT_EQ(refused(with(get, {{"host", "b"}})), Reason::host);
  const auto both = make(with(get, {{"host", "A"}}));
  ASSERT_TRUE(both.outcome);
  EXPECT_EQ(both.request.fields.size(), 1U);
}

TEST(Http2Head, RefusesWhatTheGuardOfHttp1Refuses) {
  const auto target = [](std::string_view path) {
    return Fields{{":method", "GET"}, {":scheme", "http"}, {":authority", "a"}, {":path", path}};
  };
  EXPECT_EQ(refused(target("http://b/")), Reason::target_form);
  EXPECT_EQ(refused(target("x")), Reason::target_form);
  EXPECT_EQ(refused(target("*")), Reason::target_form);
  EXPECT_EQ(refused(target("/%zz")), Reason::target_escape);
  EXPECT_EQ(refused(target("/\"")), Reason::target);
  EXPECT_EQ(
      refused({{":method", "GET"}, {":scheme", "http"}, {":authority", "user@a"}, {":path", "/"}}),
      Reason::host);
  const Fields https = {
      {":method", "GET"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/"}};
  EXPECT_EQ(refused(https), Reason::misdirected);
  EXPECT_TRUE(make(https, {}, true, true).outcome);
  EXPECT_EQ(refused({{":method", "GET"}, {":scheme", "ftp"}, {":authority", "a"}, {":path", "/"}}),
            Reason::target_form);
  EXPECT_EQ(refused({{":method", "CONNECT"}, {":authority", "a:1"}}), Reason::target_form);
  EXPECT_EQ(refused({{":method", "A-METHOD-TOO-LONG"},
                     {":scheme", "http"},
                     {":authority", "a"},
                     {":path", "/"}}),
            Reason::method_token);
  EXPECT_EQ(refused(with(get, {{"content-length", "05"}})), Reason::content_length);
  EXPECT_EQ(refused(with(get, {{"transfer-encoding", "gzip"}})), Reason::transfer_encoding);
  EXPECT_EQ(refused(with(get, {{"expect", "much"}})), Reason::expectation);
  EXPECT_EQ(refused(with(get, {{"authorization", "a"}, {"authorization", "b"}})),
            Reason::repeated_field);
}

TEST(Http2Head, HoldsNothingBeyondItsLimits) {
  const HeadLimits limits{.request_line = 64, .head = 300, .fields = 2};
  EXPECT_EQ(refused(with(get, {{"a", "b"}, {"c", "d"}}), limits), Reason::idle);
  EXPECT_EQ(refused(with(get, {{"a", "b"}, {"c", "d"}, {"e", "f"}}), limits), Reason::header_count);
  const std::string much(100, 'x');
  EXPECT_EQ(refused(with(get, {{"a", much}}), limits), Reason::header_limit);
  EXPECT_EQ(refused({{":method", "GET"}, {":scheme", "http"}, {":path", "/" + much}}, limits),
            Reason::request_line_limit);
  Http2Head head(limits);
  for (int i = 0; i < 1000; ++i) {
    head.add("a", much);
  }
  EXPECT_LT(head.held(), 1024U);
}

TEST(Http2Head, CookiesThatCameInPartsAreOne) {
  const auto made = make(with(get, {{"cookie", "a=1"}, {"x", "y"}, {"cookie", "b=2"}}));
  ASSERT_TRUE(made.outcome);
  EXPECT_EQ(made.request.find("cookie")->value, "a=1; b=2");
  EXPECT_EQ(made.request.find("x")->value, "y");
  EXPECT_EQ(made.request.fields.size(), 3U);
}

}  // namespace
}  // namespace sevenstops::http
