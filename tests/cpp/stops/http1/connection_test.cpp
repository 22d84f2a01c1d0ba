#include "stops/http1/connection.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "../../support/run.hpp"
#include "../../support/sockets.hpp"
#include "base/task_group.hpp"

namespace sevenstops::stops {
namespace {

using http::Outcome;
using http::Reason;
using Read = Bytes::Read;
using namespace std::chrono_literals;

constexpr auto never = Clock::time_point::max();

class ConnectionTest : public ::testing::Test {
 protected:
  // Asks now and then what is overdue, as an I/O thread does, while `body` runs.
  void run_swept(const std::function<asio::awaitable<void>()>& body) {
    test::run(io, [&]() -> asio::awaitable<void> {
      co_await base::with_task_group([&](base::TaskGroup& group) -> asio::awaitable<void> {
        group.spawn(sweep());
        group.spawn(ending(group, body));
        co_return;
      });
    });
  }

  base::Counter taken;
  asio::io_context io;
  test::Ends ends = test::connected(io, 4096);
  Connection connection{std::move(ends.server)};
  tcp::socket client = std::move(ends.client);

 private:
  asio::awaitable<void> sweep() {
    while (true) {
      co_await base::sleep_until(Clock::now() + 2ms);
      connection.give_up_overdue(Clock::now());
    }
  }
  static asio::awaitable<void> ending(base::TaskGroup& group,
                                      const std::function<asio::awaitable<void>()>& body) {
    co_await body();
    group.cancel();
  }
};

TEST_F(ConnectionTest, GathersWhatComes) {
  test::run(io, [&]() -> asio::awaitable<void> {
    test::send(client, "abc");
    EXPECT_EQ(co_await connection.more(never, 4096), Read::some);
    EXPECT_EQ(connection.unread(), "abc");
    connection.consume(1);
    test::send(client, "def");
    EXPECT_EQ(co_await connection.more(never, 4096), Read::some);
    EXPECT_EQ(connection.unread(), "bcdef");
    connection.consume(5);
    EXPECT_TRUE(connection.unread().empty());
  });
}

TEST_F(ConnectionTest, ReadsNoMoreThanItIsAskedTo) {
  test::run(io, [&]() -> asio::awaitable<void> {
    test::send(client, "abcdef");
    EXPECT_EQ(co_await connection.more(never, 2), Read::some);
    EXPECT_EQ(connection.unread(), "ab");
    EXPECT_EQ(co_await connection.more(never, 100), Read::some);
    EXPECT_EQ(connection.unread(), "abcdef");
  });
}

TEST_F(ConnectionTest, KeepsWhatIsUnreadInOrderHoweverItIsUsed) {
  std::string sent;
  std::string got;
  test::run(io, [&]() -> asio::awaitable<void> {
    for (std::size_t i = 0; i < 200; ++i) {
      const std::string piece(1 + i % 97, static_cast<char>('a' + i % 26));
      test::send(client, piece);
      sent += piece;
      EXPECT_EQ(co_await connection.more(never, 1 + i % 50), Read::some);
      const auto used = connection.unread().size() * (i % 3) / 2;
      got += connection.unread().substr(0, used);
      connection.consume(used);
    }
    client.shutdown(tcp::socket::shutdown_send);
    while (co_await connection.more(never, 4096) == Read::some) {
    }
    got += connection.unread();
  });
  EXPECT_EQ(got, sent);
  EXPECT_LT(connection.held(), 65536U);
}

TEST_F(ConnectionTest, HasHeardWhatIsInTheKernel) {
  EXPECT_FALSE(connection.has_heard());
  test::send(client, "x");
  const auto end = Clock::now() + 5s;
  while (!connection.has_heard() && Clock::now() < end) {
    std::this_thread::sleep_for(1ms);
  }
  EXPECT_TRUE(connection.has_heard());
}

TEST_F(ConnectionTest, HoldsLittleWhileItWaits) {
  run_swept([&]() -> asio::awaitable<void> {
    test::send(client, std::string(3000, 'x'));
    while (connection.unread().size() < 3000) {
      EXPECT_EQ(co_await connection.more(never, 65536), Read::some);
    }
    connection.consume(3000);
    EXPECT_EQ(co_await connection.more(Clock::now() + 5ms, 65536), Read::timed_out);
    EXPECT_EQ(connection.held(), 512U);
  });
}

TEST_F(ConnectionTest, TheEndAndAResetAreTheEnd) {
  test::run(io, [&]() -> asio::awaitable<void> {
    client.shutdown(tcp::socket::shutdown_send);
    EXPECT_EQ(co_await connection.more(never, 10), Read::ended);
    test::reset(client);
    EXPECT_EQ(co_await connection.more(never, 10), Read::ended);
  });
}

TEST_F(ConnectionTest, AReadThatIsOverdueIsGivenUp) {
  run_swept([&]() -> asio::awaitable<void> {
    const auto began = Clock::now();
    EXPECT_EQ(co_await connection.more(began + 20ms, 10), Read::timed_out);
    EXPECT_GE(Clock::now() - began, 20ms);
    // It goes on as if nothing had been.
    test::send(client, "abc");
    EXPECT_EQ(co_await connection.more(Clock::now() + 1h, 10), Read::some);
    EXPECT_EQ(connection.unread(), "abc");
  });
}

TEST_F(ConnectionTest, NothingIsOverdueWithoutADeadline) {
  run_swept([&]() -> asio::awaitable<void> {
    const auto read = co_await base::within(Clock::now() + 20ms, connection.more(never, 10));
    EXPECT_NE(read, Read::timed_out);
  });
}

TEST_F(ConnectionTest, ADeadlineEndsWithItsRead) {
  const auto disturbed = [this]() -> asio::awaitable<bool> {
    const auto [error] =
        co_await connection.stream().socket().async_wait(tcp::socket::wait_read, base::as_tuple);
    co_return error == asio::error::operation_aborted;
  };
  run_swept([&]() -> asio::awaitable<void> {
    test::send(client, "abc");
    EXPECT_EQ(co_await connection.more(Clock::now() + 1s, 10), Read::some);
    // Who waits for the client now is left in peace when that time comes.
    EXPECT_FALSE(co_await base::within(Clock::now() + 1100ms, disturbed()));
  });
}

TEST_F(ConnectionTest, WritesAllOfItAtTheClientsPace) {
  const std::string bytes(1 << 20, 'x');
  std::string got;
  std::thread reader([&] { got = test::receive(client, bytes.size()); });
  run_swept(
      [&]() -> asio::awaitable<void> { EXPECT_TRUE(co_await connection.write_all(bytes, 60s)); });
  reader.join();
  EXPECT_EQ(got, bytes);
}

TEST_F(ConnectionTest, AWriteThatNobodyTakesIsGivenUp) {
  run_swept([&]() -> asio::awaitable<void> {
    const auto sent = co_await connection.write_all(std::string(1 << 22, 'x'), 20ms);
    EXPECT_FALSE(sent);
    EXPECT_EQ(sent.error().reason, Reason::write_timeout);
  });
}

TEST_F(ConnectionTest, AWriteToOneWhoIsGoneSaysSo) {
  test::reset(client);
  run_swept([&]() -> asio::awaitable<void> {
    const auto sent = co_await connection.write_all(std::string(1 << 22, 'x'), 60s);
    EXPECT_FALSE(sent);
    EXPECT_EQ(sent.error().reason, Reason::closed);
  });
}

TEST_F(ConnectionTest, LingersUntilTheClientHasClosed) {
  std::string got;
  std::thread sender([&] {
    test::send(client, std::string(200000, 'x'));
    got = test::receive_all(client);
    client.close();
  });
  run_swept([&]() -> asio::awaitable<void> {
    EXPECT_TRUE(co_await connection.write_all("answer", 60s));
    const auto began = Clock::now();
    co_await connection.linger(60s, 1 << 20, taken);
    EXPECT_LT(Clock::now() - began, 30s);
  });
  sender.join();
  EXPECT_EQ(got, "answer");
  EXPECT_EQ(taken.value(), 200000U);
}

TEST_F(ConnectionTest, LingersForNoMoreBytesThanItIsTold) {
  constexpr std::uint64_t at_most = 100000;
  std::uint64_t sent = 0;
  std::thread sender([&] {
    const std::string piece(65536, 'x');
    boost::system::error_code error;
    while (!error) {
      sent += client.write_some(asio::buffer(piece), error);
    }
  });
  run_swept([&]() -> asio::awaitable<void> {
    EXPECT_EQ(co_await connection.more(never, 4096), Read::some);
    const auto began = Clock::now();
    co_await connection.linger(60s, at_most, taken);
    EXPECT_LT(Clock::now() - began, 30s);
    // Nothing of it is kept.
    EXPECT_EQ(connection.held(), 0U);
  });
  connection.stream().close();
  sender.join();
  EXPECT_EQ(taken.value(), at_most);
  // The rest was in the kernel.
  EXPECT_LT(sent, at_most + (64U << 20));
}

TEST_F(ConnectionTest, LingersForTheLastByteThatItIsTold) {
  test::send(client, "more");
  run_swept([&]() -> asio::awaitable<void> { co_await connection.linger(60s, 1, taken); });
  EXPECT_EQ(taken.value(), 1U);
}

TEST_F(ConnectionTest, LingersForNothingWhereItIsToldSo) {
  test::send(client, "more");
  run_swept([&]() -> asio::awaitable<void> { co_await connection.linger(60s, 0, taken); });
  EXPECT_EQ(taken.value(), 0U);
}

TEST_F(ConnectionTest, LingersNoLongerThanItIsTold) {
  run_swept([&]() -> asio::awaitable<void> {
    const auto began = Clock::now();
    co_await connection.linger(20ms, 1 << 20, taken);
    EXPECT_GE(Clock::now() - began, 20ms);
    EXPECT_LT(Clock::now() - began, 30s);
  });
}

}  // namespace
}  // namespace sevenstops::stops
