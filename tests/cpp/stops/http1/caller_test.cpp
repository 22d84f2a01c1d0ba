#include "stops/http1/caller.hpp"

#include <gtest/gtest.h>

#include "../../support/run.hpp"
#include "../../support/sockets.hpp"
#include "base/task_group.hpp"
#include "http/deadline.hpp"

namespace sevenstops::stops {
namespace {

using namespace std::chrono_literals;

class Http1CallerTest : public ::testing::Test {
 protected:
  // Whether the caller is seen to leave within `patience`.
  bool leaves(Clock::duration patience) {
    bool left = false;
    test::run(io, [&]() -> asio::awaitable<void> {
      const auto seen = co_await base::within(Clock::now() + patience, caller.left());
      left = seen.value_or(false);
    });
    io.restart();
    return left;
  }
  // What the client is sent until the server closes.
  std::string received() {
    connection.stream().shutdown_send();
    return test::receive_all(client);
  }

  asio::io_context io;
  test::Ends ends = test::connected(io);
  Connection connection{std::move(ends.server)};
  tcp::socket client = std::move(ends.client);
  http::Request request;
  Http1Writer writer{connection, request};
  Http1Caller caller{connection, writer};
};

constexpr std::chrono::seconds long_enough{20};
constexpr std::chrono::milliseconds a_while{30};

TEST_F(Http1CallerTest, OneWhoWaitsHasNotLeft) {
  EXPECT_FALSE(leaves(a_while));
  EXPECT_FALSE(caller.closed());
  EXPECT_TRUE(received().empty());
}

TEST_F(Http1CallerTest, OneWhoClosesHasLeft) {
  client.close();
  EXPECT_TRUE(leaves(long_enough));
  EXPECT_TRUE(caller.closed());
}

TEST_F(Http1CallerTest, OneWhoResetsHasLeft) {
  test::reset(client);
  EXPECT_TRUE(leaves(long_enough));
}

TEST_F(Http1CallerTest, OneWhoClosesItsSideAndWaitsHasNotLeft) {
  client.shutdown(tcp::socket::shutdown_send);
  EXPECT_FALSE(leaves(a_while));
  EXPECT_TRUE(caller.closed());
  EXPECT_EQ(received(), "HTTP/1.1 102 Processing\r\n\r\n");
}

TEST_F(Http1CallerTest, OneWhoClosesItsSideAndThenLeavesIsNoticed) {
  client.shutdown(tcp::socket::shutdown_send);
  EXPECT_FALSE(leaves(a_while));
  test::reset(client);
  EXPECT_TRUE(leaves(long_enough));
}

TEST_F(Http1CallerTest, OneOfHttp10IsNeverAskedAndHasLeftOnceItClosesItsSide) {
  request.minor_version = 0;
  EXPECT_FALSE(leaves(a_while));
  client.shutdown(tcp::socket::shutdown_send);
  EXPECT_TRUE(leaves(long_enough));
  EXPECT_TRUE(received().empty());
}

TEST_F(Http1CallerTest, OneWhoseRequestIsTiedIsNotToldThatItsWorkHasBegun) {
  request.fields.push_back({http::tied_header, "1"});
  client.shutdown(tcp::socket::shutdown_send);
  EXPECT_TRUE(leaves(long_enough));
  EXPECT_TRUE(received().empty());
}

TEST_F(Http1CallerTest, AnUrgentByteIsNoLeaving) {
  ASSERT_EQ(::send(client.native_handle(), "!", 1, MSG_OOB), 1);
  EXPECT_FALSE(leaves(a_while));
}

TEST_F(Http1CallerTest, TheNextRequestIsNoLeaving) {
  test::send(client, "GET / HTTP/1.1\r\n");
  EXPECT_FALSE(leaves(a_while));
  EXPECT_FALSE(caller.closed());
}

TEST_F(Http1CallerTest, BehindTheNextRequestOnlyAResetIsSeen) {
  test::send(client, "GET / HTTP/1.1\r\n");
  test::run(io, [&]() -> asio::awaitable<void> {
    (void)co_await connection.more(Clock::time_point::max(), 4096);
  });
  io.restart();
  ASSERT_FALSE(connection.unread().empty());
  client.shutdown(tcp::socket::shutdown_send);
  EXPECT_FALSE(leaves(a_while));
  test::reset(client);
  EXPECT_TRUE(leaves(long_enough));
}

TEST_F(Http1CallerTest, IsToldWhatComes) {
  test::run(io, [&]() -> asio::awaitable<void> { EXPECT_TRUE(co_await caller.interim(100, 1s)); });
  EXPECT_EQ(received(), "HTTP/1.1 100 Continue\r\n\r\n");
}

TEST_F(Http1CallerTest, OneWhoIsGoneCanNotBeTold) {
  test::reset(client);
  test::run(io, [&]() -> asio::awaitable<void> {
    bool told = true;
    for (int i = 0; i < 3 && told; ++i) {
      told = co_await caller.interim(100, 1s);
    }
    EXPECT_FALSE(told);
  });
}

}  // namespace
}  // namespace sevenstops::stops
