#include "http/head.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <set>

namespace sevenstops::http {
namespace {

// What scanner and parser say of a head, which the scanner sees in pieces of `step` bytes.
struct Read {
  std::optional<Reason> refused;
  std::size_t length = 0;
  bool operator==(const Read&) const = default;
};

Read read(const std::string& bytes, Request& request, std::size_t step,
          const HeadLimits& limits = {}) {
  HeadScanner scanner;
  for (std::size_t held = std::min(step, bytes.size());;
       held = std::min(held + step, bytes.size())) {
    const auto length = scanner.scan(std::string_view(bytes).substr(0, held), limits);
    if (!length) {
      return {.refused = length.error().reason};
    }
    if (*length > 0) {
      request.head = bytes.substr(0, *length);
      const auto parsed = parse_head(request);
      return {.refused = parsed ? std::nullopt : std::optional(parsed.error().reason),
              .length = *length};
    }
    if (held == bytes.size()) {
      return {};
    }
  }
}

std::optional<Reason> refusal(const std::string& bytes, const HeadLimits& limits = {}) {
  Request request;
  const auto whole = read(bytes, request, bytes.size() + 1, limits);
  Request again;
  EXPECT_EQ(read(bytes, again, 1, limits), whole) << bytes;
  return whole.refused;
}

// The request that a head makes; it stays whole, as its views point into it.
std::unique_ptr<Request> parsed(const std::string& bytes) {
  auto request = std::make_unique<Request>();
  const auto result = read(bytes, *request, bytes.size());
  EXPECT_FALSE(result.refused) << bytes << info(*result.refused).name;
  EXPECT_EQ(result.length, bytes.size());
  return request;
}

std::string with_line(const std::string& line) { return line + "\r\nHost: a\r\n\r\n"; }
std::string with_fields(const std::string& fields) {
  return "POST / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}

TEST(Head, HasItsParts) {
  const auto request =
      parsed("POST /users/7?a=b HTTP/1.1\r\nHost: a:80\r\nX-A:  b \r\nContent-Length: 12\r\n\r\n");
  EXPECT_EQ(request->method, "POST");
  EXPECT_EQ(request->target, "/users/7?a=b");
  EXPECT_EQ(request->path, "/users/7");
  EXPECT_EQ(request->query, "a=b");
  EXPECT_EQ(request->find("x-a")->value, "b");
  EXPECT_EQ(request->content_length, 12U);
  EXPECT_TRUE(request->keep_alive);
  EXPECT_EQ(request->minor_version, 1);
  EXPECT_TRUE(parsed(with_fields("Transfer-Encoding: CHUNKED\r\n"))->chunked);
  EXPECT_TRUE(parsed(with_fields("Expect: 100-Continue\r\n"))->expects_continue);
}

TEST(Head, ATargetHasFourForms) {
  EXPECT_EQ(parsed(with_line("GET / HTTP/1.1"))->path, "/");
  EXPECT_EQ(parsed(with_line("OPTIONS * HTTP/1.1"))->path, "*");
  EXPECT_EQ(parsed(with_line("OPTIONS http://a HTTP/1.1"))->path, "*");
  EXPECT_EQ(parsed(with_line("OPTIONS http://a/ HTTP/1.1"))->path, "/");
  EXPECT_EQ(parsed(with_line("GET HTTP://a/b?c HTTP/1.1"))->path, "/b");
  EXPECT_EQ(parsed(with_line("GET http://a HTTP/1.1"))->path, "/");
  // The fourth, CONNECT's, is no target here.
  EXPECT_EQ(refusal(with_line("CONNECT a:80 HTTP/1.1")), Reason::target_form);
  EXPECT_EQ(refusal(with_line("CONNECT / HTTP/1.1")), Reason::target_form);
  EXPECT_EQ(refusal(with_line("CONNECT http://a.test/ HTTP/1.1")), Reason::target_form);
}

TEST(Head, TheConnectionIsKeptAsBothSay) {
  const auto kept = [](const std::string& version, const std::string& fields) {
    return parsed("GET / HTTP/" + version + "\r\nHost: a\r\n" + fields + "\r\n")->keep_alive;
  };
  EXPECT_TRUE(kept("1.1", ""));
  EXPECT_FALSE(kept("1.1", "Connection: close\r\n"));
  EXPECT_FALSE(kept("1.1", "Connection: a , CLOSE\r\n"));
  EXPECT_FALSE(kept("1.0", ""));
  EXPECT_TRUE(kept("1.0", "Connection: keep-alive\r\n"));
}

TEST(Head, AnOlderVersionNeedsNoHostAndWaitsForNoContinue) {
  const auto request = parsed("GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(request->minor_version, 0);
  EXPECT_FALSE(request->expects_continue);
}

TEST(Head, OneEmptyLineMayComeBeforeIt) {
  EXPECT_EQ(parsed("\r\n" + with_line("GET / HTTP/1.1"))->method, "GET");
  EXPECT_EQ(refusal("\r\n\r\n" + with_line("GET / HTTP/1.1")), Reason::request_line);
}

TEST(Head, LimitsAreKeptBeforeTheEndIsThere) {
  const HeadLimits limits{.request_line = 40, .head = 100, .fields = 2};
  EXPECT_EQ(refusal("GET /" + std::string(40, 'x'), limits), Reason::request_line_limit);
  EXPECT_EQ(refusal(with_line("GET /" + std::string(40, 'x') + " HTTP/1.1"), limits),
            Reason::request_line_limit);
  EXPECT_EQ(refusal("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(100, 'x'), limits),
            Reason::header_limit);
  EXPECT_EQ(refusal(with_line("GET / HTTP/1.1\r\nA: b\r\nC: d"), limits), Reason::header_count);
  EXPECT_FALSE(refusal(with_line("GET / HTTP/1.1\r\nA: b"), limits));
}

TEST(Head, WhatIsJustAtItsLimitIsTaken) {
  const std::string line = "GET /12345678 HTTP/1.1\r\n";
  const std::string head = line + "Host: a\r\n\r\n";
  const auto with = [&](std::size_t of_line, std::size_t of_head) {
    return refusal(head, {.request_line = static_cast<std::int64_t>(of_line),
                          .head = static_cast<std::int64_t>(of_head),
                          .fields = 1});
  };
  EXPECT_FALSE(with(line.size(), head.size()));
  EXPECT_EQ(with(line.size() - 1, head.size()), Reason::request_line_limit);
  EXPECT_EQ(with(line.size(), head.size() - 1), Reason::header_limit);
}

struct Case {
  Reason reason;
  std::string bytes;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {Reason::bare_line_feed, "GET / HTTP/1.1\nHost: a\r\n\r\n"},
      {Reason::bare_line_feed, "GET / HTTP/1.1\r\nHost: a\n\n"},
      {Reason::bare_line_feed, "\n"},
      {Reason::request_line_limit, "GET /" + std::string(9000, 'x')},
      {Reason::header_limit, "GET / HTTP/1.1\r\nA: " + std::string(17000, 'x')},
      {Reason::header_count, "GET / HTTP/1.1\r\n" +
                                 [] {
                                   std::string fields;
                                   for (int i = 0; i < 101; ++i) {
                                     fields += "A: b\r\n";
                                   }
                                   return fields;
                                 }()},
      {Reason::request_line, with_line("GET")},
      {Reason::request_line, with_line(" / HTTP/1.1")},
      {Reason::request_line, with_line("GET /")},
      {Reason::request_line, with_line("GET / http/1.1")},
      {Reason::request_line, with_line("GET / HTTP/1.1 ")},
      {Reason::method_token, with_line("G(T / HTTP/1.1")},
      {Reason::method_token, with_line("GETGETGETGETGETGE / HTTP/1.1")},
      {Reason::version, with_line("GET / HTTP/2.0")},
      {Reason::version, with_line("GET / HTTP/1.2")},
      {Reason::target, with_line("GET  HTTP/1.1")},
      {Reason::target, with_line("GET /a#b HTTP/1.1")},
      {Reason::target, with_line("GET /\xff HTTP/1.1")},
      {Reason::target_escape, with_line("GET /%4 HTTP/1.1")},
      {Reason::target_escape, with_line("GET /%zz HTTP/1.1")},
      {Reason::target_escape, with_line("GET /%00 HTTP/1.1")},
      {Reason::target_form, with_line("GET * HTTP/1.1")},
      {Reason::target_form, with_line("GET a/b HTTP/1.1")},
      {Reason::target_form, with_line("GET ftp://a/ HTTP/1.1")},
      {Reason::target_form, with_line("GET http://a?b HTTP/1.1")},
      {Reason::target_authority, with_line("GET http://b/ HTTP/1.1")},
      {Reason::target_authority, with_line("GET http:/// HTTP/1.1")},
      {Reason::target_authority, with_line("GET http://u@a/ HTTP/1.1")},
      {Reason::misdirected, with_line("GET https://a/ HTTP/1.1")},
      {Reason::misdirected, with_line("GET HTTPS://b/ HTTP/1.1")},
      {Reason::field_line, with_fields("no colon\r\n")},
      {Reason::field_line, with_fields(": b\r\n")},
      {Reason::field_name, with_fields("A : b\r\n")},
      {Reason::field_name, with_fields("A(: b\r\n")},
      {Reason::field_value, with_fields("A: \x01\r\n")},
      {Reason::field_value, with_fields("A: b\rC: d\r\n")},
      {Reason::field_value, with_fields(std::string("A: \0\r\n", 6))},
      {Reason::obs_fold, with_fields("A: b\r\n c\r\n")},
      {Reason::obs_fold, with_fields("A: b\r\n\tC: d\r\n")},
      {Reason::host, "GET / HTTP/1.1\r\n\r\n"},
      {Reason::host, "GET / HTTP/1.1\r\nHost:\r\n\r\n"},
      {Reason::host, "GET / HTTP/1.1\r\nHost: :80\r\n\r\n"},
      {Reason::host, "GET / HTTP/1.1\r\nHost: a:123456\r\n\r\n"},
      {Reason::host, "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"},
      {Reason::host, "GET / HTTP/1.1\r\nHost: [::1]x\r\n\r\n"},
      {Reason::host, with_fields("Host: a\r\n")},
      {Reason::content_length, with_fields("Content-Length:\r\n")},
      {Reason::content_length, with_fields("Content-Length: +1\r\n")},
      {Reason::content_length, with_fields("Content-Length: 01\r\n")},
      {Reason::content_length, with_fields("Content-Length: 1234567890123456789\r\n")},
      {Reason::content_length, with_fields("Content-Length: 1, 1\r\n")},
      {Reason::content_length, with_fields("Content-Length: 1\r\nContent-Length: 1\r\n")},
      {Reason::transfer_encoding, with_fields("Transfer-Encoding: gzip, chunked\r\n")},
      {Reason::transfer_encoding, with_fields("Transfer-Encoding: chunked\r\n"
                                              "Transfer-Encoding: chunked\r\n")},
      {Reason::transfer_encoding, with_fields("Content-Length: 1\r\n"
                                              "Transfer-Encoding: chunked\r\n")},
      {Reason::transfer_encoding, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"},
      {Reason::connection_names_framing, with_fields("Connection: close, Content-Length\r\n")},
      {Reason::connection_names_framing, with_fields("Connection: transfer-encoding\r\n")},
      {Reason::connection_names_framing, with_fields("Connection: HOST\r\n")},
      {Reason::repeated_field, with_fields("Authorization: a\r\nAuthorization: b\r\n")},
      {Reason::repeated_field, with_fields("Content-Type: a\r\ncontent-type: a\r\n")},
      {Reason::expectation, with_fields("Expect: 200-ok\r\n")},
  };
  return all;
}

TEST(Head, EachFaultHasItsReason) {
  for (const auto& [reason, bytes] : cases()) {
    const auto found = refusal(bytes);
    ASSERT_TRUE(found) << info(reason).name << " was let through: " << bytes;
    EXPECT_EQ(info(*found).name, info(reason).name) << bytes.substr(0, 200);
  }
}

TEST(Head, AQueryHasWhatBrowsersSendWhereASettingSaysSo) {
  for (const std::string target : {"/?a[]=1", "/?a={b}", "/?a|b", "/?a^b`c\\d"}) {
    Request request;
    request.head = with_line("GET " + target + " HTTP/1.1");
    EXPECT_EQ(parse_head(request).error().reason, Reason::target) << target;
    Request lenient;
    lenient.head = with_line("GET " + target + " HTTP/1.1");
    EXPECT_TRUE(parse_head(lenient, {.browser_queries = true})) << target;
  }
  for (const std::string target : {"/a[]", "/a|b?c", "/?a\"b", "/?a<b>"}) {
    Request request;
    request.head = with_line("GET " + target + " HTTP/1.1");
    EXPECT_EQ(parse_head(request, {.browser_queries = true}).error().reason, Reason::target)
        << target;
  }
}

TEST(Head, ATargetOfHttpsNeedsTls) {
  const auto head = with_line("GET https://a/x HTTP/1.1");
  Request secure;
  secure.head = head;
  secure.secure = true;
  ASSERT_TRUE(parse_head(secure));
  EXPECT_EQ(secure.path, "/x");
  Request behind_a_gateway;
  behind_a_gateway.head = head;
  EXPECT_TRUE(parse_head(behind_a_gateway, {.https_without_tls = true}));
  Request plain;
  plain.head = with_line("GET http://a/x HTTP/1.1");
  plain.secure = true;
  EXPECT_TRUE(parse_head(plain));
}

TEST(Head, OfTwoFramingsOneCountsWhereASettingSaysSo) {
  for (const std::string fields : {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
                                   "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"}) {
    Request request;
    request.head = with_fields(fields);
    EXPECT_EQ(parse_head(request).error().reason, Reason::transfer_encoding);
    EXPECT_TRUE(request.both_framings);
    Request by_chunks;
    by_chunks.head = with_fields(fields);
    EXPECT_TRUE(parse_head(by_chunks, {.both_framings = BothFramings::chunked}));
    EXPECT_TRUE(by_chunks.chunked);
    EXPECT_FALSE(by_chunks.content_length);
    Request by_length;
    by_length.head = with_fields(fields);
    EXPECT_TRUE(parse_head(by_length, {.both_framings = BothFramings::length}));
    EXPECT_FALSE(by_length.chunked);
    EXPECT_EQ(by_length.content_length, 5U);
    by_length.clear();
    EXPECT_FALSE(by_length.both_framings);
  }
}

TEST(Head, EveryReasonOfAHeadIsProvoked) {
  std::set<Reason> provoked;
  for (const auto& each : cases()) {
    provoked.insert(each.reason);
  }
  for (const auto& reason : reasons) {
    // Between these two the enumeration has what a head can be refused for; time is not its own.
    if (reason.reason >= Reason::bare_line_feed && reason.reason <= Reason::expectation &&
        reason.reason != Reason::head_timeout) {
      EXPECT_TRUE(provoked.contains(reason.reason)) << reason.name;
    }
  }
}

TEST(Head, HostsOfEveryKindAreTaken) {
  for (const auto* host : {"a", "a.b-c_d~e:8080", "127.0.0.1", "[::1]", "[::1]:80", "a:"}) {
    EXPECT_FALSE(refusal(std::string("GET / HTTP/1.1\r\nHost: ") + host + "\r\n\r\n")) << host;
  }
}

}  // namespace
}  // namespace sevenstops::http
