#include <gtest/gtest.h>

#include "provocation.hpp"

namespace sevenstops {
namespace {

namespace asio = boost::asio;
using service::Service;
using service::Settings;
using test::count;
using test::get;
using test::injected;
using test::post;
using test::refused;
using test::until;

// What ends without an answer was not refused.
class NothingRefused : public ::testing::Test {
 protected:
  // The counters once every connection has ended.
  std::string after(const std::string& bytes, bool leaves, const std::string& fault = "seed=1") {
    asio::io_context io;
    const Service service(settings, {.threads = 1, .rows = 1, .faults = injected(fault)});
    auto socket = test::connect(io, service.port());
    test::send(socket, bytes);
    const auto ready = [&] {
      const auto stops = service.stops_json();
      return count(stops, "connections_open") == 1 &&
             (fault == "seed=1" || count(stops, "work_in_progress") == 1);
    };
    EXPECT_TRUE(!leaves || until(ready));
    if (leaves) {
      socket.close();
    } else {
      (void)test::receive_all(socket);
    }
    EXPECT_TRUE(until([&] {
      const auto stops = service.stops_json();
      return count(stops, "connections_open") == 0 && count(stops, "work_in_progress") == 0;
    }));
    return service.stops_json();
  }

  Settings settings = service::hardened();
};

TEST_F(NothingRefused, WhereAConnectionWasIdle) {
  settings.parse.idle_timeout = 0.05;
  EXPECT_EQ(refused(after("", false)), 0U);
  EXPECT_EQ(refused(after(get("/healthz"), false)), 0U);
}

TEST_F(NothingRefused, WhereTheClientLeavesBeforeAHead) { EXPECT_EQ(refused(after("", true)), 0U); }

TEST_F(NothingRefused, WhereTheClientLeavesWithinAHead) {
  EXPECT_EQ(refused(after("GET / HTTP/1.1\r\nHo", true)), 0U);
}

TEST_F(NothingRefused, WhereTheClientLeavesWithinABody) {
  EXPECT_EQ(refused(after(post("Content-Length: 9\r\n", "abc"), true)), 0U);
}

TEST_F(NothingRefused, WhereTheClientLeavesWithinAPage) {
  settings.handle.deadline = 60;
  const auto stops = after(get("/page"), true, "slow-dependency=60");
  EXPECT_EQ(refused(stops), 0U);
  EXPECT_EQ(count(stops, "work_cancelled_total"), 1U);
  EXPECT_EQ(count(stops, "walks_broken_total"), 0U);
}

}  // namespace
}  // namespace sevenstops
