#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <thread>

#include "../cpp/support/sockets.hpp"
#include "service/service.hpp"

// A client may close its side right after its request and wait for its answer (RFC 9112, 9.6).

namespace sevenstops {
namespace {

namespace asio = boost::asio;
using base::Clock;
using service::Service;
using test::tcp;
using namespace std::chrono_literals;

std::uint64_t count(const Service& service, std::string_view name) {
  return boost::json::parse(service.stops_json()).at(name).to_number<std::uint64_t>();
}

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

}  // namespace
}  // namespace sevenstops
