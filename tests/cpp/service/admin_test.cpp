#include "service/admin.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <thread>

#include "../support/sockets.hpp"
#include "load/fetch.hpp"
#include "service/service.hpp"

namespace sevenstops::service {
namespace {

using load::fetch;
using namespace std::chrono_literals;

// The head that a listener answers these bytes with.
std::string asked(std::uint16_t port, const std::string& bytes) {
  boost::asio::io_context io;
  auto socket = test::connect(io, port);
  test::send(socket, bytes);
  return test::receive_all(socket);
}

TEST(Service, AdminSpeaksJsonAndPrometheus) {
  Service service(hardened(), {.threads = 2, .rows = 1});
  (void)fetch({service.port()}, "/healthz", 2s);
  const auto json = fetch({service.admin_port()}, "/stops", 2s);
  EXPECT_EQ(json.status, 200U);
  EXPECT_EQ(boost::json::parse(json.body).at("requests_total").to_number<int>(), 1);
  const auto text = fetch({service.admin_port()}, "/metrics", 2s);
  EXPECT_NE(text.body.find("sevenstops_stop_entered_total{stop=\"drain\"} 1\n"), std::string::npos);
  EXPECT_NE(text.body.find("# TYPE sevenstops_stop_duration_seconds histogram\n"),
            std::string::npos);
  EXPECT_EQ(fetch({service.admin_port()}, "/nothing", 2s).status, 404U);
}

TEST(Service, HeldFaultsLookTheSameFromTheirBeginningOn) {
  for (const bool drain_queue : {true, false}) {
    for (const auto later : {0ms, 550ms}) {
      auto settings = hardened();
      settings.accept.drain_queue = drain_queue;
      Service service(settings, {.threads = 2,
                                 .rows = 1,
                                 .faults = {faults::make_fault("stalled-acceptor=0.3/600")},
                                 .hold_faults = true});
      EXPECT_EQ(fetch({service.port()}, "/healthz", 20s).status, 200U);
      std::this_thread::sleep_for(later);
      const load::Target admin{service.admin_port()};
      const auto before = base::Clock::now();
      EXPECT_EQ(load::post(admin, "/faults/begin", 20s).status, 204U);
      for (int i = 0; i < 4; ++i) {
        EXPECT_EQ(fetch({service.port()}, "/healthz", 20s).status, 200U);
        EXPECT_GE(base::Clock::now() - before, 300ms);
      }
      EXPECT_EQ(load::post(admin, "/faults/begin", 20s).status, 409U);
      EXPECT_EQ(fetch(admin, "/faults/begin", 20s).status, 405U);
    }
  }
}

TEST(Service, FaultsThatAreNotHeldHaveBegun) {
  Service service(hardened(), {.threads = 1, .rows = 1});
  EXPECT_EQ(load::post({service.admin_port()}, "/faults/begin", 20s).status, 409U);
}

TEST(Service, TheAdminListenerAnswersToLoopbackNamesOnly) {
  const Service service(hardened(), {.threads = 1, .rows = 1});
  for (const std::string host : {"localhost", "LocalHost:80", "127.0.0.1:9", "[::1]", "[::1]:8"}) {
    const auto answer =
        asked(service.admin_port(), "GET /stops HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 ")) << host << answer;
  }
  for (const std::string host :
       {"evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "", "[::2]", "127.0.0.10",
        "[::1]evil.example", "localhost:evil.example", "127.0.0.1:80.evil.example",
        "localhost\r\nHost: evil.example"}) {
    const auto answer =
        asked(service.admin_port(), "GET /stops HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 421 ")) << host << answer;
  }
}

TEST(Service, TheAdminListenerOnlyTells) {
  const Service service(hardened(), {.threads = 1, .rows = 1});
  const std::string rest = " HTTP/1.1\r\nHost: localhost\r\n\r\n";
  const auto head = asked(service.admin_port(), "HEAD /metrics" + rest);
  EXPECT_TRUE(head.starts_with("HTTP/1.1 200 ")) << head;
  EXPECT_TRUE(head.ends_with("\r\n\r\n")) << head;
  EXPECT_EQ(head.find("Content-Length: 0"), std::string::npos);
  for (std::string request : {"POST", "PUT", "DELETE", "OPTIONS"}) {
    request.append(" /metrics").append(rest);
    const auto answer = asked(service.admin_port(), request);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 405 ")) << answer;
    EXPECT_NE(answer.find("Allow: GET, HEAD"), std::string::npos);
  }
}

TEST(Service, TheAdminListenerAnswersWhatIsNoRequestAndReadsNoBody) {
  const Service service(hardened(), {.threads = 1, .rows = 1});
  const std::string host = " HTTP/1.1\r\nHost: localhost\r\n";
  const auto port = service.admin_port();
  const auto with_body = asked(port, "GET /stops" + host + "Content-Length: 5\r\n\r\nhello");
  EXPECT_TRUE(with_body.starts_with("HTTP/1.1 200 ")) << with_body;
  EXPECT_NE(with_body.find("\r\nDate: "), std::string::npos);
  const auto posted = asked(port, "POST /stops" + host + "Content-Length: 5\r\n\r\nhello");
  EXPECT_TRUE(posted.starts_with("HTTP/1.1 405 ")) << posted;
  const auto no_request = asked(port, "BREW /x\r\n\r\n");
  EXPECT_TRUE(no_request.starts_with("HTTP/1.1 400 ")) << no_request;
  const auto large = asked(port, "GET /stops" + host + "X: " + std::string(9000, 'x') + "\r\n\r\n");
  EXPECT_TRUE(large.starts_with("HTTP/1.1 431 ")) << large;
}

TEST(Service, WithoutATokenNobodyHasIt) {
  const Service service(hardened(), {.threads = 1, .rows = 1});
  for (const std::string token : {"", "let-me-in"}) {
    const auto answer = asked(service.port(),
                              "POST /admin/wipe HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                              "Authorization: Bearer " +
                                  token + "\r\n\r\n");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 401 ")) << answer;
  }
}

}  // namespace
}  // namespace sevenstops::service
