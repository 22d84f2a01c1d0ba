#include <gtest/gtest.h>

#include <thread>

#include "../cpp/support/http2_client.hpp"
#include "../cpp/support/observed.hpp"
#include "../cpp/support/sockets.hpp"
#include "service/service.hpp"

// A client may close its side right after its request and wait for its answer (RFC 9112, 9.6);
// over HTTP/2 as well, where it can open no windows any more.

namespace sevenstops {
namespace {

namespace asio = boost::asio;
using base::Clock;
using service::Service;
using test::count;
using test::Http2Client;
using test::tcp;
using namespace std::chrono_literals;

faults::Faults slow(const std::string& seconds) {
  return {faults::make_fault("slow-dependency=" + seconds)};
}

class HalfClose : public ::testing::TestWithParam<std::string> {
 protected:
  HalfClose() {
    settings.handle.deadline = 30;
    settings.handle.queue_time = 30;
  }

  service::Settings settings = service::hardened();
  asio::io_context io;
};

TEST_P(HalfClose, OneWhoWaitsIsAnsweredByEveryEndpoint) {
  const auto version = GetParam();
  for (const bool cancel : {true, false}) {
    // One of HTTP/1.0 can't be asked whether it is there: see below.
    if (cancel && version == "HTTP/1.0") {
      continue;
    }
    settings.handle.cancel = cancel;
    const Service leaf(settings, {.threads = 1, .rows = 1, .faults = slow("0.02")});
    const Service entry(settings,
                        {.threads = 1,
                         .rows = 5000,
                         .token = "let-me-in",
                         .dependencies = {{.name = "leaf", .replicas = {leaf.port()}, .leaves = 2}},
                         .faults = slow("0.3")});
    const std::string rest = version + "\r\nHost: a\r\n";
    const std::vector<std::string> requests = {
        "GET /page " + rest + "\r\n",
        "GET /page?of=leaf " + rest + "\r\n",
        "GET /report " + rest + "\r\n",
        "GET /export.csv " + rest + "\r\n",
        "GET /orders?limit=100 " + rest + "\r\n",
        "GET /healthz " + rest + "\r\n",
        "HEAD /healthz " + rest + "\r\n",
        "GET /users/me " + rest + "\r\n",
        "GET /users/7 " + rest + "\r\n",
        "POST /echo " + rest + "Content-Length: 5\r\n\r\nhello",
        "POST /admin/wipe " + rest + "Authorization: Bearer let-me-in\r\n\r\n"};
    std::vector<tcp::socket> sockets;
    for (const auto& request : requests) {
      auto& socket = sockets.emplace_back(test::connect(io, entry.port()));
      test::send(socket, request);
      socket.shutdown(tcp::socket::shutdown_send);
    }
    for (std::size_t i = 0; i < sockets.size(); ++i) {
      auto answer = test::receive_all(sockets[i]);
      constexpr std::string_view interim = "HTTP/1.1 102 Processing\r\n\r\n";
      if (answer.starts_with(interim)) {
        EXPECT_NE(version, "HTTP/1.0");
        answer.erase(0, interim.size());
      }
      EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << requests[i] << answer;
      if (requests[i].starts_with("GET /export.csv")) {
        EXPECT_NE(answer.find("\r\n5000,"), std::string::npos);
      }
    }
    EXPECT_EQ(count(entry, "work_cancelled_total"), 0U);
    EXPECT_EQ(count(entry, "work_completed_total"), 2U);
    EXPECT_EQ(count(entry, "pages_given_up_total"), 0U);
    EXPECT_EQ(count(entry, "queries_cancelled_total"), 0U);
    EXPECT_EQ(count(entry, "walks_broken_total"), 0U);
  }
}

INSTANTIATE_TEST_SUITE_P(EitherVersion, HalfClose, ::testing::Values("HTTP/1.1", "HTTP/1.0"),
                         [](const auto& each) {
                           return each.param.ends_with("1") ? std::string("Http11")
                                                            : std::string("Http10");
                         });

TEST_F(HalfClose, OneOfHttp10IsTakenToHaveLeftWhereItsHandlerWaits) {
  const Service service(settings, {.threads = 1, .rows = 1, .faults = slow("20")});
  for (const std::string target : {"/page", "/healthz"}) {
    auto socket = test::connect(io, service.port());
    test::send(socket, "GET " + target + " HTTP/1.0\r\nHost: a\r\n\r\n");
    socket.shutdown(tcp::socket::shutdown_send);
    const auto answer = test::receive_all(socket);
    EXPECT_EQ(answer.starts_with("HTTP/1.1 200 OK\r\n"), target == "/healthz") << answer;
    EXPECT_EQ(answer.empty(), target == "/page");
  }
  EXPECT_EQ(count(service, "work_cancelled_total"), 1U);
  EXPECT_EQ(count(service, "work_orphaned_total"), 0U);
}

TEST_F(HalfClose, OneWhoLeavesAPageIsNoticed) {
  const Service service(settings, {.threads = 1, .rows = 1, .faults = slow("20")});
  auto socket = test::connect(io, service.port());
  test::send(socket, "GET /page HTTP/1.1\r\nHost: a\r\n\r\n");
  const auto wait_for = [&](std::string_view name) {
    const auto end = Clock::now() + 10s;
    while (count(service, name) == 0 && Clock::now() < end) {
      std::this_thread::sleep_for(1ms);
    }
    return count(service, name);
  };
  EXPECT_EQ(wait_for("work_in_progress"), 1U);
  const auto began = Clock::now();
  socket.close();
  EXPECT_EQ(wait_for("work_cancelled_total"), 1U);
  EXPECT_LT(Clock::now() - began, 5s);
  EXPECT_EQ(count(service, "work_completed_total"), 0U);
}

class HalfCloseOverHttp2 : public HalfClose {
 protected:
  static void close_side(Http2Client& client) {
    client.flush();
    client.socket().shutdown(tcp::socket::shutdown_send);
  }
  static bool reaches(const Service& service, std::string_view name, std::uint64_t number) {
    const auto end = Clock::now() + 10s;
    while (count(service, name) != number && Clock::now() < end) {
      std::this_thread::sleep_for(1ms);
    }
    return count(service, name) == number;
  }
};

TEST_F(HalfCloseOverHttp2, OneWhoWaitsIsAnsweredByEveryEndpoint) {
  struct Asked {
    std::string method;
    std::string path;
    Http2Client::Fields fields = {};
    std::string content = {};
  };
  const std::vector<Asked> all = {{"GET", "/page"},
                                  {"GET", "/page?of=leaf"},
                                  {"GET", "/report"},
                                  {"GET", "/export.csv"},
                                  {"GET", "/orders?limit=100"},
                                  {"GET", "/healthz"},
                                  {"HEAD", "/healthz"},
                                  {"GET", "/users/me"},
                                  {"GET", "/users/7"},
                                  {"POST", "/echo", {}, "hello"},
                                  {"POST", "/admin/wipe", {{"authorization", "Bearer let-me-in"}}}};
  for (const bool cancel : {true, false}) {
    settings.handle.cancel = cancel;
    const Service leaf(settings, {.threads = 1, .rows = 1, .faults = slow("0.02")});
    const Service entry(settings,
                        {.threads = 1,
                         // All of it fits in the window that nobody opens.
                         .rows = 400,
                         .token = "let-me-in",
                         .dependencies = {{.name = "leaf", .replicas = {leaf.port()}, .leaves = 2}},
                         .faults = slow("0.3")});
    const auto check = [](const Asked& asked, const Http2Client::Answer& answer) {
      EXPECT_EQ(answer.status, 200U) << asked.path;
      EXPECT_TRUE(answer.ended) << asked.path;
      EXPECT_FALSE(answer.reset) << asked.path;
      if (asked.path == "/export.csv") {
        EXPECT_NE(answer.body.find("\n400,"), std::string::npos);
      }
    };
    for (const auto& asked : all) {
      Http2Client client(io, entry.port());
      const auto id = client.request(asked.method, asked.path, asked.fields, asked.content);
      close_side(client);
      check(asked, client.answer(id));
      EXPECT_TRUE(client.until_closed()) << asked.path;
    }
    // And on one connection, in whatever order.
    Http2Client client(io, entry.port());
    std::vector<std::int32_t> ids;
    ids.reserve(all.size());
    for (const auto& [method, path, fields, content] : all) {
      ids.push_back(client.request(method, path, fields, content));
    }
    close_side(client);
    for (std::size_t i = 0; i < all.size(); ++i) {
      check(all[i], client.answer(ids[i]));
    }
    EXPECT_TRUE(client.until_closed());
    EXPECT_TRUE(reaches(entry, "connections_open", 0));
    EXPECT_EQ(count(entry, "work_cancelled_total"), 0U);
    EXPECT_EQ(count(entry, "queries_cancelled_total"), 0U);
    EXPECT_EQ(count(entry, "walks_broken_total"), 0U);
  }
}

TEST_F(HalfCloseOverHttp2, ARequestThatIsCutShortKeepsNobodyWaiting) {
  settings.parse.body_timeout = 60;
  const Service service(settings, {.threads = 1, .rows = 1, .faults = slow("0.3")});
  Http2Client client(io, service.port());
  const Http2Client::Fields post = {{":method", "POST"},
                                    {":scheme", "http"},
                                    {":authority", "a"},
                                    {":path", "/echo"},
                                    {"content-length", "5000"}};
  const auto whole = client.get("/page");
  const auto half = client.submit(post, "hello", true);
  // A third one's head has only begun.
  client.raw(test::frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_STREAM, 5, test::get_block("/page")));
  client.socket().shutdown(tcp::socket::shutdown_send);
  EXPECT_EQ(client.answer(whole).status, 200U);
  EXPECT_TRUE(client.until_closed());
  EXPECT_EQ(client.at(half).status, 0U);
  EXPECT_TRUE(reaches(service, "connections_open", 0));
  EXPECT_EQ(count(service, "bodies_unfinished"), 0U);
  EXPECT_EQ(count(service, "walks_broken_total"), 0U);
}

TEST_F(HalfCloseOverHttp2, OneWhoLeavesAPageIsNoticed) {
  const Service service(settings, {.threads = 1, .rows = 1, .faults = slow("20")});
  for (const bool resets : {false, true}) {
    const auto before = count(service, "work_cancelled_total");
    Http2Client client(io, service.port());
    (void)client.get("/page");
    client.until([&] { return count(service, "work_in_progress") == 1; });
    const auto began = Clock::now();
    if (resets) {
      test::reset(client.socket());
    } else {
      client.socket().close();
    }
    EXPECT_TRUE(reaches(service, "work_cancelled_total", before + 1));
    EXPECT_TRUE(reaches(service, "connections_open", 0));
    EXPECT_LT(Clock::now() - began, 5s);
  }
  EXPECT_EQ(count(service, "work_completed_total"), 0U);
}

// What its window has no room for is waited for as long as any other that nobody takes.
TEST_F(HalfCloseOverHttp2, AWindowThatIsSpentEndsTheStreamAtItsDeadline) {
  settings.drain.write_timeout = 0.3;
  const Service service(settings, {.threads = 1, .rows = 1000});
  Http2Client client(io, service.port(), {.stream_window = 1000});
  const auto id = client.get("/export.csv");
  close_side(client);
  EXPECT_TRUE(client.until_closed());
  EXPECT_EQ(client.at(id).body.size(), 1000U);
  EXPECT_FALSE(client.at(id).ended);
  EXPECT_TRUE(reaches(service, "connections_open", 0));
}

TEST_F(HalfCloseOverHttp2, TheServiceStopsInTheMiddleOfIt) {
  auto service = std::make_unique<Service>(
      settings, service::ServiceOptions{.threads = 1, .rows = 1, .faults = slow("20")});
  Http2Client client(io, service->port());
  (void)client.get("/page");
  close_side(client);
  EXPECT_TRUE(reaches(*service, "work_in_progress", 1));
  const auto began = Clock::now();
  service.reset();
  EXPECT_LT(Clock::now() - began, 5s);
  EXPECT_TRUE(client.until_closed());
}

}  // namespace
}  // namespace sevenstops
