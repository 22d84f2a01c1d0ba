#include "upstream/http1_transport.hpp"

#include <gtest/gtest.h>

#include <deque>

#include "../support/run.hpp"
#include "../support/sockets.hpp"
#include "base/task_group.hpp"

namespace sevenstops::upstream {
namespace {

using namespace std::chrono_literals;

const std::string ok_answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
// What a server does in place of an answer.
const std::string closes = "closes";
const std::string waits = "waits";

Context for_an_hour() {
  return {.limit = Clock::now() + std::chrono::hours(1), .trace = http::new_trace()};
}

// Answers one request after the other, on whichever connection it comes, as a test has written it
// down.
class Server {
 public:
  explicit Server(asio::io_context& io) : acceptor_(io, {asio::ip::address_v4::loopback(), 0}) {}

  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

  asio::awaitable<void> listen(base::TaskGroup& group) {
    while (true) {
      group.spawn(serve(co_await acceptor_.async_accept(asio::use_awaitable)));
      ++connections;
    }
  }

  std::deque<std::string> answers;
  std::vector<std::string> requests;
  int connections = 0;
  int ended = 0;

 private:
  asio::awaitable<void> serve(tcp::socket socket) {
    std::string held;
    while (true) {
      std::array<char, 4096> buffer{};
      const auto [error, n] = co_await socket.async_read_some(asio::buffer(buffer), base::as_tuple);
      if (error) {
        ++ended;
        co_return;
      }
      held.append(buffer.data(), n);
      const auto end = held.find("\r\n\r\n");
      if (end == std::string::npos) {
        continue;
      }
      requests.push_back(held.substr(0, end + 4));
      held.erase(0, end + 4);
      const auto answer = answers.empty() ? ok_answer : answers.front();
      if (!answers.empty()) {
        answers.pop_front();
      }
      if (answer == closes) {
        co_return;
      }
      if (answer != waits) {
        test::send(socket, answer);
      }
    }
  }

  tcp::acceptor acceptor_;
};

class Http1TransportTest : public ::testing::Test {
 protected:
  void run(const std::function<asio::awaitable<void>()>& body) {
    test::run(io, [&]() -> asio::awaitable<void> {
      co_await base::with_task_group([&](base::TaskGroup& group) -> asio::awaitable<void> {
        group.spawn(server.listen(group));
        group.spawn(ending(group, body));
        co_return;
      });
    });
    pool.close();
  }
  asio::awaitable<unsigned> exchange(Context context = for_an_hour()) {
    co_return co_await transport.exchange(attempt, context);
  }

  asio::io_context io;
  Server server{io};
  Metrics metrics;
  Pool pool{{}, metrics};
  Http1Transport transport{pool};
  Attempt attempt{.port = server.port()};

 private:
  static asio::awaitable<void> ending(base::TaskGroup& group,
                                      const std::function<asio::awaitable<void>()>& body) {
    co_await body();
    group.cancel();
  }
};

TEST_F(Http1TransportTest, AsksOnOneKeptConnection) {
  run([&]() -> asio::awaitable<void> {
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(co_await exchange(), 200U);
    }
  });
  EXPECT_EQ(server.connections, 1);
  ASSERT_EQ(server.requests.size(), 3U);
  EXPECT_TRUE(server.requests[0].starts_with("GET /page HTTP/1.1\r\nHost: 127.0.0.1\r\n"));
  EXPECT_NE(server.requests[0].find("\r\ntraceparent: 00-"), std::string::npos);
  EXPECT_EQ(server.requests[0].find("X-Request-Deadline-Ms"), std::string::npos);
  EXPECT_EQ(server.requests[0].find("X-Tied-Request"), std::string::npos);
}

TEST_F(Http1TransportTest, PassesOnTraceDeadlineAndTie) {
  auto context = for_an_hour();
  context.deadline = Clock::now() + 100s;
  context.trace.state = "vendor=1";
  attempt.tied = true;
  run([&]() -> asio::awaitable<void> { EXPECT_EQ(co_await exchange(context), 200U); });
  const auto& request = server.requests.at(0);
  EXPECT_NE(request.find("traceparent: 00-" + context.trace.id), std::string::npos);
  EXPECT_NE(request.find("\r\ntracestate: vendor=1\r\n"), std::string::npos);
  EXPECT_NE(request.find("\r\nX-Tied-Request: 1\r\n"), std::string::npos);
  const std::string name = "X-Request-Deadline-Ms: ";
  const auto left = std::stol(request.substr(request.find(name) + name.size()));
  EXPECT_GT(left, 40000);
  EXPECT_LT(left, 100000);
}

TEST_F(Http1TransportTest, SaysTheTimeOfTheAttemptWhereThatIsLess) {
  auto context = for_an_hour();
  context.limit = Clock::now() + 100s;
  context.deadline = Clock::now() + 1000s;
  run([&]() -> asio::awaitable<void> { EXPECT_EQ(co_await exchange(context), 200U); });
  const auto& request = server.requests.at(0);
  const std::string name = "X-Request-Deadline-Ms: ";
  EXPECT_LE(std::stol(request.substr(request.find(name) + name.size())), 100000);
}

TEST_F(Http1TransportTest, WithNoTimeLeftNothingIsSent) {
  auto context = for_an_hour();
  context.deadline = Clock::now();
  run([&]() -> asio::awaitable<void> {
    EXPECT_EQ(co_await exchange(context), 504U);
    EXPECT_EQ(co_await exchange(), 200U);
  });
  EXPECT_EQ(server.requests.size(), 1U);
  // The connection was as good as new.
  EXPECT_EQ(server.connections, 1);
}

TEST_F(Http1TransportTest, TellsWhenTheWorkHasBegun) {
  int begun = 0;
  attempt.begun = [&] { ++begun; };
  server.answers = {"HTTP/1.1 102 Processing\r\n\r\n" + ok_answer, ok_answer};
  run([&]() -> asio::awaitable<void> {
    EXPECT_EQ(co_await exchange(), 200U);
    EXPECT_EQ(begun, 1);
    EXPECT_EQ(co_await exchange(), 200U);
    EXPECT_EQ(begun, 1);
  });
  EXPECT_EQ(server.connections, 1);
}

TEST_F(Http1TransportTest, AnErrorIsAnAnswerToo) {
  server.answers = {"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"};
  run([&]() -> asio::awaitable<void> {
    EXPECT_EQ(co_await exchange(), 500U);
    EXPECT_EQ(co_await exchange(), 200U);
  });
  EXPECT_EQ(server.connections, 1);
}

TEST_F(Http1TransportTest, AConnectionThatItsPeerEndsIsNotKept) {
  server.answers = {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"};
  run([&]() -> asio::awaitable<void> {
    EXPECT_EQ(co_await exchange(), 200U);
    EXPECT_EQ(co_await exchange(), 200U);
  });
  EXPECT_EQ(server.connections, 2);
}

TEST_F(Http1TransportTest, AKeptConnectionThatWasClosedIsReplacedOnce) {
  server.answers = {ok_answer, closes, ok_answer};
  run([&]() -> asio::awaitable<void> {
    EXPECT_EQ(co_await exchange(), 200U);
    EXPECT_EQ(co_await exchange(), 200U);
  });
  EXPECT_EQ(server.requests.size(), 3U);
  EXPECT_EQ(server.connections, 2);
}

TEST_F(Http1TransportTest, NotForWhatMayNotBeSentTwice) {
  attempt.idempotent = false;
  server.answers = {ok_answer, closes};
  run([&]() -> asio::awaitable<void> {
    EXPECT_EQ(co_await exchange(), 200U);
    EXPECT_EQ(co_await exchange(), 502U);
  });
  EXPECT_EQ(server.requests.size(), 2U);
}

TEST_F(Http1TransportTest, NotWhereItWasNew) {
  server.answers = {closes};
  run([&]() -> asio::awaitable<void> { EXPECT_EQ(co_await exchange(), 502U); });
  EXPECT_EQ(server.requests.size(), 1U);
}

TEST_F(Http1TransportTest, NotWhereAnAnswerHadBegun) {
  server.answers = {ok_answer, "HTTP/1.1 200 OK\r\nContent-Le\xff: x\r\n\r\n"};
  run([&]() -> asio::awaitable<void> {
    EXPECT_EQ(co_await exchange(), 200U);
    EXPECT_EQ(co_await exchange(), 502U);
    // What was not understood is not used again.
    EXPECT_EQ(co_await exchange(), 200U);
  });
  EXPECT_EQ(server.requests.size(), 3U);
  EXPECT_EQ(server.connections, 2);
}

TEST_F(Http1TransportTest, WhereNobodyListensIsABadGateway) {
  std::uint16_t closed_port = 0;
  {
    const Server gone(io);
    closed_port = gone.port();
  }
  attempt.port = closed_port;
  run([&]() -> asio::awaitable<void> {
    EXPECT_EQ(co_await exchange(), 502U);
    auto late = for_an_hour();
    late.limit = Clock::now();
    EXPECT_EQ(co_await exchange(late), 504U);
  });
}

TEST_F(Http1TransportTest, OneThatIsCancelledClosesItsConnection) {
  server.answers = {waits};
  run([&]() -> asio::awaitable<void> {
    const auto status = co_await base::within(Clock::now() + 10ms, exchange());
    EXPECT_FALSE(status);
    while (server.ended < 1) {
      co_await base::sleep_until(Clock::now() + 100us);
    }
    EXPECT_EQ(co_await exchange(), 200U);
  });
  EXPECT_EQ(server.connections, 2);
}

}  // namespace
}  // namespace sevenstops::upstream
