#include <gtest/gtest.h>

#include <thread>

#include "http2_scenario.hpp"
#include "load/fetch.hpp"

// HTTP/2 with prior knowledge, on the port of HTTP/1.1: the same stops by another walk.

namespace sevenstops {
namespace {

namespace asio = boost::asio;
using Http2 = test::Http2Scenario;
using service::Service;
using test::count;
using test::eventually;
using test::Http2Client;
using test::refused;
using namespace std::chrono_literals;

// An answer of HTTP/1.1: its status, its fields but for those of the connection, and its body.
struct Told {
  unsigned status = 0;
  std::map<std::string, std::string> fields;
  std::string body;
};

Told ask_http1(std::uint16_t port, const std::string& method, const std::string& path,
               const Http2Client::Fields& more, const std::string& content) {
  asio::io_context io;
  auto socket = test::connect(io, port);
  std::string text = method + " " + path + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n";
  for (const auto& [name, value] : more) {
    text.append(name).append(": ").append(value).append("\r\n");
  }
  if (!content.empty()) {
    text.append("Content-Length: " + std::to_string(content.size()) + "\r\n");
  }
  test::send(socket, text + "\r\n" + content);
  const auto answer = test::receive_all(socket);
  Told told;
  told.status = static_cast<unsigned>(std::stoi(answer.substr(9, 3)));
  const auto end = answer.find("\r\n\r\n");
  std::size_t at = answer.find("\r\n") + 2;
  while (at < end + 2) {
    const auto line = answer.substr(at, answer.find("\r\n", at) - at);
    at += line.size() + 2;
    auto name = line.substr(0, line.find(':'));
    std::ranges::transform(name, name.begin(), [](char c) { return std::tolower(c); });
    told.fields[name] = line.substr(line.find(':') + 2);
  }
  told.body = answer.substr(end + 4);
  if (told.fields.contains("transfer-encoding")) {
    std::string whole;
    for (std::size_t i = 0; i < told.body.size();) {
      const auto size = std::stoul(told.body.substr(i, 16), nullptr, 16);
      i = told.body.find("\r\n", i) + 2;
      whole.append(told.body, i, size);
      i += size + 2;
    }
    told.body = whole;
  }
  for (const auto* name : {"date", "connection", "transfer-encoding"}) {
    told.fields.erase(name);
  }
  return told;
}

struct Asked {
  std::string method;
  std::string path;
  Http2Client::Fields fields = {};
  std::string content = {};
};

const std::vector<Asked>& every_endpoint() {
  static const std::vector<Asked> all = {
      {"GET", "/healthz"},
      {"HEAD", "/healthz"},
      {"GET", "/users/me"},
      {"GET", "/users/7"},
      {"GET", "/users/nobody"},
      {"GET", "/orders?limit=100"},
      {"GET", "/orders?limit=none"},
      {"GET", "/export.csv"},
      {"HEAD", "/export.csv"},
      {"GET", "/report"},
      {"GET", "/page"},
      {"GET", "/page?of=leaf"},
      {"GET", "/page?of=nobody"},
      {"GET", "/page", {{"x-request-deadline-ms", "soon"}}},
      {"GET", "//healthz?a=b"},
      {"GET", "/../healthz"},
      {"GET", "/%zz"},
      {"GET", "/nothing"},
      {"DELETE", "/healthz"},
      {"OPTIONS", "/orders"},
      {"POST", "/echo", {}, "hello"},
      {"POST", "/echo", {}, std::string(300'000, 'x')},
      {"POST", "/echo", {{"expect", "much"}}, "hello"},
      {"POST", "/admin/wipe"},
      {"POST", "/admin/wipe", {{"authorization", "Bearer let-me-in"}}},
      {"GET", "/healthz", {{"authorization", "a"}, {"authorization", "b"}}},
  };
  return all;
}

TEST_F(Http2, EveryEndpointAnswersAsOverHttp1) {
  for (const bool fragile : {false, true}) {
    const auto preset = fragile ? service::fragile() : service::hardened();
    const Service leaf(preset, {.threads = 1, .rows = 1});
    const Service service(preset, {.threads = 1,
                                   .rows = 5000,
                                   .token = "let-me-in",
                                   .dependencies = {{.name = "leaf", .replicas = {leaf.port()}}}});
    Http2Client client(io, service.port());
    for (const auto& [method, path, fields, content] : every_endpoint()) {
      const auto first = ask_http1(service.port(), method, path, fields, content);
      auto more = fields;
      if (!content.empty()) {
        more.emplace_back("content-length", std::to_string(content.size()));
      }
      auto second = client.answer(client.request(method, path, more, content));
      second.fields.erase("date");
      EXPECT_EQ(second.status, first.status) << method << ' ' << path;
      EXPECT_EQ(second.fields, first.fields) << method << ' ' << path;
      EXPECT_EQ(second.body, first.body) << method << ' ' << path;
      EXPECT_FALSE(second.reset && *second.reset != NGHTTP2_NO_ERROR) << method << ' ' << path;
    }
    EXPECT_EQ(count(service, "walks_broken_total"), 0U);
    EXPECT_EQ(count(service, "http2_connections_open"), 1U);
    EXPECT_EQ(refused(service, "parse", "http2_protocol"), 0U);
  }
}

TEST_F(Http2, ThePrefaceIsTakenHoweverItArrives) {
  const Service service(settings, {.threads = 1, .rows = 1});
  const auto bytes = test::http2_begin() + test::get_frame(1);
  for (const std::size_t size : {1, 3, 17, 18, 19, 24, 25, 33}) {
    auto socket = test::connect(io, service.port());
    for (std::size_t at = 0; at < bytes.size(); at += size) {
      test::send(socket, std::string_view(bytes).substr(at, size));
      std::this_thread::sleep_for(1ms);
    }
    const auto answer =
        test::receive_until(socket, [](const std::string& text) { return text.ends_with("ok\n"); });
    EXPECT_TRUE(answer.ends_with("ok\n"));
  }
}

TEST_F(Http2, WhereItIsNotEnabledThePrefaceIsAVersionThatIsRefused) {
  settings.parse.http2.enabled = false;
  const Service service(settings, {.threads = 1, .rows = 1});
  auto socket = test::connect(io, service.port());
  test::send(socket, test::http2_begin());
  EXPECT_TRUE(test::receive_all(socket).starts_with("HTTP/1.1 505 "));
  EXPECT_EQ(refused(service, "parse", "version"), 1U);
}

TEST_F(Http2, OnlyAFirstRequestCanBeThePreface) {
  const Service service(settings, {.threads = 1, .rows = 1});
  auto socket = test::connect(io, service.port());
  test::send(socket, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n" + test::http2_begin());
  const auto answer = test::receive_all(socket);
  EXPECT_NE(answer.find("HTTP/1.1 505 "), std::string::npos) << answer;
}

TEST_F(Http2, SaysWhatItTakes) {
  settings.parse.http2.streams = 7;
  settings.parse.http2.stream_window = 4096;
  settings.parse.header_limit = 5000;
  const Service service(settings, {.threads = 1, .rows = 1});
  Http2Client client(io, service.port());
  EXPECT_EQ(client.answer(client.get("/healthz")).status, 200U);
  EXPECT_EQ(client.remote(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS), 7U);
  EXPECT_EQ(client.remote(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE), 4096U);
  EXPECT_EQ(client.remote(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE), 5000U);
  // A body of many windows gets through all the same.
  const std::string content(100'000, 'x');
  EXPECT_EQ(client.answer(client.request("POST", "/echo", {}, content)).body, content);
}

TEST_F(Http2, WhatNobodyReadsOfABodyIsHeld) {
  settings.parse.body_limit = 1000;
  const Service service(settings, {.threads = 1, .rows = 1});
  // The refusal's text can't leave, and until it has nobody reads on.
  Http2Client client(io, service.port(), {.stream_window = 0});
  const std::string much(200'000, 'x');
  client.request("POST", "/echo", {{"content-length", std::to_string(much.size())}}, much);
  EXPECT_TRUE(client.until([&] { return count(service, "held_bytes") >= much.size(); }));
}

TEST_F(Http2, WhatIsTooLargeIsRefusedAndTheConnectionGoesOn) {
  settings.parse.body_limit = 1000;
  const Service service(settings, {.threads = 1, .rows = 1});
  Http2Client client(io, service.port());
  const std::string much(20'000, 'x');
  EXPECT_EQ(client.answer(client.get("/healthz", {{"a", much}})).status, 431U);
  EXPECT_EQ(client.answer(client.get("/" + std::string(9000, 'x'))).status, 414U);
  EXPECT_EQ(client
                .answer(client.request("POST", "/echo",
                                       {{"content-length", std::to_string(much.size())}}, much))
                .status,
            413U);
  // One whose length nobody has said.
  EXPECT_EQ(client.answer(client.request("POST", "/echo", {}, much)).status, 413U);
  EXPECT_EQ(client.answer(client.get("/healthz")).status, 200U);
  EXPECT_EQ(refused(service, "parse", "header_limit"), 1U);
  EXPECT_EQ(refused(service, "parse", "request_line_limit"), 1U);
  EXPECT_EQ(refused(service, "parse", "body_limit"), 2U);
}

TEST_F(Http2, ABodyAfterAnEarlyAnswerIsThrownAwayAndItsStreamReset) {
  settings.parse.body_limit = 1000;
  settings.drain.linger_timeout = 0.1;
  const Service service(settings, {.threads = 1, .rows = 1});
  Http2Client client(io, service.port());
  const Http2Client::Fields fields = {{":method", "POST"},
                                      {":scheme", "http"},
                                      {":authority", "a"},
                                      {":path", "/echo"},
                                      {"content-length", "5000"}};
  const auto id = client.submit(fields, std::string(3000, 'x'), true);
  EXPECT_TRUE(client.until([&] { return client.at(id).reset.has_value(); }));
  EXPECT_EQ(client.at(id).status, 413U);
  EXPECT_TRUE(client.at(id).ended);
  EXPECT_EQ(client.at(id).reset, NGHTTP2_NO_ERROR);
  EXPECT_EQ(count(service, "lingered_bytes_total"), 3000U);
  EXPECT_EQ(client.answer(client.get("/healthz")).status, 200U);
}

TEST_F(Http2, AMalformedMessageIsResetAndCounted) {
  const Service service(settings, {.threads = 1, .rows = 1});
  const std::vector<Http2Client::Fields> malformed = {
      {{":method", "GET"}, {":scheme", "http"}, {":authority", "a"}, {":path", ""}},
      {{":method", "GET"}, {":scheme", "http"}, {":authority", "a"}, {":path", "http://a/"}},
      {{":method", "GET"}, {":scheme", "http"}, {":authority", "a"}},
      {{":method", "GET"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/"}, {":x", "y"}},
      {{":method", "GET"},
       {":scheme", "http"},
       {":authority", "a"},
       {":path", "/"},
       {"connection", "close"}},
      {{":method", "GET"},
       {":scheme", "http"},
       {":authority", "a"},
       {":path", "/"},
       {"transfer-encoding", "chunked"}},
      {{":method", "GET"},
       {":scheme", "http"},
       {":authority", "a"},
       {":path", "/"},
       {"te", "gzip"}},
      {{":method", "GET"},
       {":scheme", "http"},
       {":authority", "a"},
       {":path", "/"},
       {"content-length", "5"}},
      {{":method", "GET"},
       {":scheme", "http"},
       {":authority", "a"},
       {":path", "/"},
       {"a", "b\r\nc: d"}},
      {{":method", "GET"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/"}, {"a", " b"}},
  };
  std::uint64_t seen = 0;
  Http2Client client(io, service.port());
  for (const auto& fields : malformed) {
    const auto& answer = client.answer(client.submit(fields));
    EXPECT_EQ(answer.reset, NGHTTP2_PROTOCOL_ERROR) << seen << ' ' << answer.status;
    EXPECT_EQ(refused(service, "parse", "http2_message"), ++seen);
  }
  // A length that the frames don't keep.
  for (const auto* length : {"3", "9"}) {
    const auto& answer =
        client.answer(client.request("POST", "/echo", {{"content-length", length}}, "hello"));
    EXPECT_EQ(answer.reset, NGHTTP2_PROTOCOL_ERROR) << answer.status;
    EXPECT_EQ(refused(service, "parse", "http2_message"), ++seen);
  }
  EXPECT_EQ(client.answer(client.get("/healthz", {{"te", "trailers"}})).status, 200U);
  // nghttp2 would not send this one: a name that is not in lower case.
  auto socket = test::connect(io, service.port());
  test::send(socket,
             test::http2_begin() +
                 test::frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, 1,
                             test::get_block("/") + std::string("\x00\x01"
                                                                "A\x01"
                                                                "b",
                                                                5)));
  EXPECT_TRUE(eventually([&] { return refused(service, "parse", "http2_message") == seen + 1; }));
}

TEST_F(Http2, ASchemeOfHttpsNeedsTlsOrAGatewayThatEndsIt) {
  for (const bool taken : {false, true}) {
    settings.parse.https_without_tls = taken;
    const Service service(settings, {.threads = 1, .rows = 1});
    Http2Client client(io, service.port());
    const auto asked = client.submit(
        {{":method", "GET"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/healthz"}});
    EXPECT_EQ(client.answer(asked).status, taken ? 200U : 421U);
    EXPECT_EQ(refused(service, "parse", "misdirected"), taken ? 0U : 1U);
    EXPECT_EQ(client.answer(client.get("/healthz")).status, 200U);
  }
}

TEST_F(Http2, AuthorityAndHostSayTheSame) {
  const Service service(settings, {.threads = 1, .rows = 1});
  Http2Client client(io, service.port());
  EXPECT_EQ(client.answer(client.get("/healthz", {{"host", "a"}})).status, 200U);
  EXPECT_EQ(client.answer(client.get("/healthz", {{"host", "b"}})).status, 400U);
  EXPECT_EQ(client
                .answer(client.submit({{":method", "GET"},
                                       {":scheme", "http"},
                                       {":authority", "u@a"},
                                       {":path", "/healthz"}}))
                .status,
            400U);
  EXPECT_EQ(refused(service, "parse", "host"), 2U);
}

}  // namespace
}  // namespace sevenstops
