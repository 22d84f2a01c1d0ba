#include <gtest/gtest.h>

#include "../cpp/support/http2_client.hpp"
#include "../cpp/support/observed.hpp"
#include "../cpp/support/self_signed.hpp"
#include "../cpp/support/sockets.hpp"
#include "../cpp/support/tls_client.hpp"
#include "provocation.hpp"
#include "service/service.hpp"

// The same stops within TLS: what a handshake may cost, what ALPN chooses, and that neither
// protocol loses anything of what it does without.

namespace sevenstops {
namespace {

namespace asio = boost::asio;
using service::Service;
using test::count;
using test::eventually;
using test::get;
using test::Http2Client;
using test::refused;
using test::tcp;
using test::TlsClient;
using namespace std::chrono_literals;

std::string last(const std::string& path) {
  return "GET " + path + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
}

class Tls : public ::testing::Test {
 protected:
  service::ServiceOptions options(service::ServiceOptions made = {}) const {
    made.threads = 1;
    made.rows = made.rows == service::ServiceOptions().rows ? 1 : made.rows;
    made.tls = {.certificate = identity.path(), .key = identity.key_path()};
    return made;
  }
  // One that has made its handshake.
  TlsClient client(const Service& service, const TlsClient::Options& with = {}) {
    TlsClient made(test::connect(io, service.port()), with);
    EXPECT_TRUE(made.handshake());
    return made;
  }
  Http2Client http2(const Service& service, Http2Client::Options with = {}) {
    with.tls = true;
    return {io, service.port(), with};
  }
  // Nobody is there any more, and nobody was broken off.
  static void expect_all_gone(const Service& service) {
    EXPECT_TRUE(eventually([&] { return count(service, "connections_open") == 0; }));
    EXPECT_EQ(count(service, "connections_silent"), 0U);
    EXPECT_EQ(count(service, "walks_broken_total"), 0U);
  }

  const test::SelfSigned identity;
  service::Settings settings = service::hardened();
  asio::io_context io;
};

using TlsHandshake = Tls;

TEST_F(TlsHandshake, ChoosesOfWhatIsOfferedAndTakesHttp1ForNothing) {
  const Service service(settings, options());
  struct Case {
    std::vector<std::string> offered;
    std::string chosen;
  };
  for (const auto& [offered, chosen] :
       {Case{{"h2", "http/1.1"}, "h2"}, Case{{"http/1.1", "h2"}, "h2"}, Case{{"h2"}, "h2"},
        Case{{"http/1.1"}, "http/1.1"}, Case{{"h3", "http/1.1"}, "http/1.1"},
        Case{{"http/1.0"}, "http/1.0"}, Case{{}, ""}}) {
    auto asking = client(service, {.protocols = offered});
    EXPECT_EQ(asking.protocol(), chosen);
    if (chosen != "h2") {
      asking.send(last("/users/2"));
      EXPECT_TRUE(asking.receive_all().starts_with("HTTP/1.1 200 OK\r\n"));
      EXPECT_TRUE(asking.was_said_end());
    }
  }
  EXPECT_EQ(refused(service, "accept", "tls_handshake"), 0U);
  TlsClient strange(test::connect(io, service.port()), {.protocols = {"h3", "spdy/1"}});
  EXPECT_FALSE(strange.handshake());
  EXPECT_TRUE(eventually([&] { return refused(service, "accept", "tls_handshake") == 1; }));
  expect_all_gone(service);
}

TEST_F(TlsHandshake, OffersNoHttp2WhereThereIsNone) {
  settings.parse.http2.enabled = false;
  const Service service(settings, options());
  EXPECT_EQ(client(service, {.protocols = {"h2", "http/1.1"}}).protocol(), "http/1.1");
  TlsClient only(test::connect(io, service.port()), {.protocols = {"h2"}});
  EXPECT_FALSE(only.handshake());
}

// RFC 9113, 3.2: within TLS it is chosen by ALPN alone.
TEST_F(TlsHandshake, APrefaceDoesNotMakeItHttp2) {
  const Service service(settings, options());
  auto asking = client(service);
  asking.send(test::http2_begin());
  EXPECT_TRUE(asking.receive_all().starts_with("HTTP/1.1 505 "));
  EXPECT_EQ(refused(service, "parse", "version"), 1U);
}

TEST_F(TlsHandshake, TakesTls12And13AndNothingBelow) {
  const Service service(settings, options());
  const auto passes = [&](int version, const char* ciphers) {
    TlsClient asking(test::connect(io, service.port()),
                     {.most_version = version, .ciphers = ciphers});
    return asking.handshake();
  };
  EXPECT_TRUE(passes(TLS1_3_VERSION, nullptr));
  EXPECT_TRUE(passes(TLS1_2_VERSION, nullptr));
  EXPECT_FALSE(passes(TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA256"));
  EXPECT_FALSE(passes(TLS1_1_VERSION, nullptr));
}

TEST_F(TlsHandshake, OneThatIsLateIsEndedAndCounted) {
  settings.accept.tls_timeout = 0.2;
  const Service service(settings, options());
  // One says nothing, one begins and goes no further.
  auto silent = test::connect(io, service.port());
  auto slow = test::connect(io, service.port());
  test::send(slow, std::string_view("\x16\x03\x01\x02\x00\x01", 6));
  EXPECT_TRUE(eventually([&] { return count(service, "connections_silent") == 2; }));
  EXPECT_EQ(test::receive_all(silent), "");
  EXPECT_EQ(test::receive_all(slow), "");
  EXPECT_TRUE(eventually([&] { return refused(service, "accept", "tls_handshake") == 2; }));
  expect_all_gone(service);
}

TEST_F(TlsHandshake, WhatIsNoHandshakeEndsItAndIsCounted) {
  const Service service(settings, options());
  std::uint64_t failed = 0;
  for (const std::string& bytes :
       {get("/healthz"), test::http2_begin(), std::string(5, '\0'),
        std::string("\x16\x03\x01\xff\xff", 5) + std::string(300, 'x')}) {
    auto socket = test::connect(io, service.port());
    test::send(socket, bytes);
    const auto answer = test::receive_all(socket);
    EXPECT_EQ(answer.find("HTTP/1"), std::string::npos);
    ++failed;
    EXPECT_TRUE(eventually([&] { return refused(service, "accept", "tls_handshake") == failed; }));
  }
  EXPECT_EQ(count(service, "requests_total"), 0U);
  expect_all_gone(service);
}

TEST_F(TlsHandshake, OneWhoComesAndGoesHasNotFailed) {
  const Service service(settings, options());
  test::connect(io, service.port()).close();
  auto other = test::connect(io, service.port());
  test::reset(other);
  auto asking = client(service);
  asking.send(last("/healthz"));
  (void)asking.receive_all();
  expect_all_gone(service);
  EXPECT_EQ(refused(service, "accept", "tls_handshake"), 0U);
}

// It holds a place, and is silent as one without TLS that has not said anything.
TEST_F(TlsHandshake, OneThatIsNotThroughMakesRoom) {
  settings.accept.max_connections = 1;
  const Service service(settings, options());
  auto silent = test::connect(io, service.port());
  EXPECT_TRUE(eventually([&] { return count(service, "connections_silent") == 1; }));
  auto asking = client(service);
  EXPECT_EQ(test::receive_all(silent), "");
  asking.send(get("/users/2"));
  EXPECT_TRUE(asking.receive(12).starts_with("HTTP/1.1 200"));
  EXPECT_EQ(count(service, "silent_connections_closed_total"), 1U);
  EXPECT_EQ(refused(service, "accept", "tls_handshake"), 0U);
}

TEST_F(TlsHandshake, WhereNobodyIsSilentANewOneIsClosedWithoutAnAnswer) {
  settings.accept.max_connections = 1;
  const Service service(settings, options());
  auto held = client(service);
  held.send(
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
      "Expect: 100-continue\r\n\r\n");
  (void)held.receive(12);
  TlsClient other(test::connect(io, service.port()));
  EXPECT_FALSE(other.handshake());
  EXPECT_EQ(refused(service, "accept", "max_connections"), 1U);
  held.send("hello");
  EXPECT_TRUE(held.receive(12).starts_with("HTTP/1.1 200"));
}

TEST_F(TlsHandshake, EndsWithTheService) {
  auto service = std::make_unique<Service>(settings, options());
  auto socket = test::connect(io, service->port());
  EXPECT_TRUE(eventually([&] { return count(*service, "connections_silent") == 1; }));
  service->leave();
  // `drain.idle_grace` is over then.
  EXPECT_TRUE(eventually([&] { return service->left(); }));
  EXPECT_EQ(test::receive_all(socket), "");
  service.reset();
}

using TlsHttp1 = Tls;

TEST_F(TlsHttp1, TakesAnUploadAndGivesItBack) {
  const Service service(settings, options());
  auto asking = client(service);
  std::string body;
  for (int i = 0; body.size() < 900'000; ++i) {
    body += std::to_string(i);
  }
  asking.send("POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: " +
              std::to_string(body.size()) + "\r\n\r\n");
  asking.send(body);
  const auto answer = asking.receive_all();
  EXPECT_TRUE(answer.ends_with("\r\n\r\n" + body));
  EXPECT_TRUE(asking.was_said_end());
  expect_all_gone(service);
}

TEST_F(TlsHttp1, AnswersWhatIsPipelined) {
  const Service service(settings, options());
  auto asking = client(service);
  std::string all;
  for (int i = 0; i < 50; ++i) {
    all += get("/users/" + std::to_string(i));
  }
  asking.send(all + last("https://a/users/50"));
  const auto answer = asking.receive_all();
  EXPECT_NE(answer.find(R"("id":"50")"), std::string::npos);
  EXPECT_EQ(count(service, "requests_total"), 51U);
}

// Its answer comes though it goes on sending, and what it sends is read away.
TEST_F(TlsHttp1, ARefusalIsNotLostWhileTheBodyComes) {
  settings.parse.body_limit = 1000;
  const Service service(settings, options());
  auto asking = client(service);
  asking.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n");
  asking.send(std::string(500'000, 'x'));
  EXPECT_TRUE(asking.receive_all().starts_with("HTTP/1.1 413 "));
  EXPECT_TRUE(asking.was_said_end());
  asking.socket().close();
  EXPECT_TRUE(eventually([&] { return count(service, "lingered_bytes_total") > 100'000; }));
  expect_all_gone(service);
}

TEST_F(TlsHttp1, ABodyThatIsCutShortIsNone) {
  const Service service(settings, options());
  for (const bool says_so : {true, false}) {
    auto asking = client(service);
    asking.send(
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
    if (says_so) {
      asking.say_end();
    }
    asking.socket().shutdown(tcp::socket::shutdown_send);
    EXPECT_EQ(asking.receive_all(), "");
  }
  expect_all_gone(service);
}

TEST_F(TlsHttp1, OneWhoClosesItsSideIsAnswered) {
  settings.handle.deadline = 30;
  const Service service(
      settings, options({.rows = 5000, .faults = {faults::make_fault("slow-dependency=0.3")}}));
  for (const auto* path : {"/page", "/export.csv"}) {
    for (const bool says_so : {true, false}) {
      auto asking = client(service);
      asking.send(get(path));
      if (says_so) {
        asking.say_end();
      } else {
        asking.socket().shutdown(tcp::socket::shutdown_send);
      }
      const auto answer = asking.receive_all();
      EXPECT_NE(answer.find("HTTP/1.1 200 OK\r\n"), std::string::npos) << path << says_so;
      EXPECT_TRUE(asking.was_said_end());
    }
  }
  EXPECT_EQ(count(service, "work_cancelled_total"), 0U);
  expect_all_gone(service);
}

TEST_F(TlsHttp1, OneWhoLeavesAPageIsNoticed) {
  settings.handle.deadline = 30;
  const Service service(settings, options({.faults = {faults::make_fault("slow-dependency=20")}}));
  auto asking = client(service);
  asking.send(get("/page"));
  EXPECT_TRUE(eventually([&] { return count(service, "work_in_progress") == 1; }));
  asking.say_end();
  asking.socket().close();
  EXPECT_TRUE(eventually([&] { return count(service, "work_cancelled_total") == 1; }));
  expect_all_gone(service);
}

TEST_F(TlsHttp1, OneWhoDoesNotReadIsEnded) {
  settings.drain.write_timeout = 0.2;
  settings.drain.send_buffer = 4096;
  const Service service(settings, options({.rows = 100'000}));
  auto asking = client(service);
  asking.send(get("/export.csv"));
  EXPECT_TRUE(eventually([&] { return refused(service, "drain", "write_timeout") == 1; }));
  expect_all_gone(service);
}

TEST_F(TlsHttp1, ASilentOneIsEndedAndToldSo) {
  settings.parse.idle_timeout = 0.1;
  const Service service(settings, options());
  auto asking = client(service);
  EXPECT_EQ(asking.receive_all(), "");
  EXPECT_TRUE(asking.was_said_end());
  expect_all_gone(service);
}

using TlsHttp2 = Tls;

TEST_F(TlsHttp2, StreamsGoBothWays) {
  const Service service(settings, options({.rows = 15'000}));
  auto asking = http2(service);
  std::string body(700'000, 'b');
  const auto up = asking.request("POST", "/echo", {}, body);
  const auto down = asking.get("/export.csv");
  const auto small = asking.get("/users/2");
  EXPECT_EQ(asking.answer(small).status, 200U);
  EXPECT_TRUE(asking.answer(up).body == body);
  EXPECT_NE(asking.answer(down).body.find("\n15000,"), std::string::npos);
  EXPECT_EQ(count(service, "http2_connections_open"), 1U);
}

TEST_F(TlsHttp2, ARefusalComesWhileTheBodyDoes) {
  settings.parse.body_limit = 1000;
  const Service service(settings, options());
  auto asking = http2(service);
  const auto id = asking.request("POST", "/echo", {}, std::string(500'000, 'x'));
  EXPECT_EQ(asking.answer(id).status, 413U);
  EXPECT_EQ(asking.answer(asking.get("/healthz")).status, 200U);
}

TEST_F(TlsHttp2, OneWhoClosesItsSideIsAnswered) {
  settings.handle.deadline = 30;
  const Service service(settings, options({.faults = {faults::make_fault("slow-dependency=0.3")}}));
  for (const bool says_so : {true, false}) {
    auto asking = http2(service);
    const auto id = asking.get("/page");
    asking.flush();
    if (says_so) {
      asking.tls().say_end();
    } else {
      asking.socket().shutdown(tcp::socket::shutdown_send);
    }
    EXPECT_EQ(asking.answer(id).status, 200U) << says_so;
    EXPECT_TRUE(asking.until_closed());
    EXPECT_TRUE(asking.tls().was_said_end());
  }
  EXPECT_EQ(count(service, "work_cancelled_total"), 0U);
  expect_all_gone(service);
}

TEST_F(TlsHttp2, WhatDoesNotBeginAsHttp2Ends) {
  const Service service(settings, options());
  auto asking = client(service, {.protocols = {"h2"}});
  asking.send(get("/healthz"));
  const auto answer = asking.receive_all();
  EXPECT_EQ(test::goaway_in(answer), std::uint32_t{NGHTTP2_PROTOCOL_ERROR});
  EXPECT_EQ(refused(service, "parse", "http2_protocol"), 1U);
  expect_all_gone(service);
}

TEST_F(TlsHttp2, ASilentOneIsToldGoodbye) {
  settings.parse.idle_timeout = 0.1;
  const Service service(settings, options());
  auto asking = http2(service);
  EXPECT_TRUE(asking.until_closed());
  EXPECT_EQ(asking.goaway(), std::uint32_t{NGHTTP2_NO_ERROR});
  EXPECT_TRUE(asking.tls().was_said_end());
  expect_all_gone(service);
}

TEST_F(TlsHttp2, OneWhoDoesNotReadIsEnded) {
  settings.drain.write_timeout = 0.2;
  settings.drain.send_buffer = 4096;
  const Service service(settings, options({.rows = 200'000}));
  // Its windows are never in the way.
  auto asking = http2(service, {.stream_window = 1 << 30});
  asking.raw(test::frame(NGHTTP2_WINDOW_UPDATE, 0, 0, test::big_endian(1 << 30)));
  (void)asking.get("/export.csv");
  asking.flush();
  expect_all_gone(service);
}

}  // namespace
}  // namespace sevenstops
