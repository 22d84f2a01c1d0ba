#include "base/stream.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "../support/run.hpp"
#include "../support/self_signed.hpp"
#include "../support/tls_client.hpp"
#include "base/task_group.hpp"

namespace sevenstops::base {
namespace {

using boost::system::error_code;
using test::TlsClient;
using namespace std::chrono_literals;

// Either kind, with a client in a thread of its own, as its calls block.
class StreamTest : public ::testing::TestWithParam<bool> {
 protected:
  // The client's side of a connection, whatever is beneath.
  struct Client {
    TlsClient tls;
    bool speaks_tls;

    void send(std::string_view bytes) {
      speaks_tls ? static_cast<void>(tls.send(bytes)) : test::send(tls.socket(), bytes);
    }
    std::string receive_all() {
      return speaks_tls ? tls.receive_all() : test::receive_all(tls.socket());
    }
    void end() {
      if (speaks_tls) {
        tls.say_end();
      } else {
        tls.socket().shutdown(tcp::socket::shutdown_send);
      }
    }
  };

  template <class ClientDoes, class Body>
  void run(ClientDoes client_does, Body body, int buffers = 0) {
    auto ends = test::connected(io, buffers);
    std::optional<Stream> stream;
    GetParam() ? stream.emplace(std::move(ends.server), server)
               : stream.emplace(std::move(ends.server));
    std::thread thread([&] {
      Client client{.tls = TlsClient(std::move(ends.client), {.protocols = {"http/1.1", "h2"}}),
                    .speaks_tls = GetParam()};
      if (!GetParam() || client.tls.handshake()) {
        client_does(client);
      }
    });
    test::run(io, [&]() -> asio::awaitable<void> {
      if (GetParam()) {
        const auto [error] = co_await stream->handshake();
        EXPECT_FALSE(error) << error.message();
      }
      co_await body(*stream);
    });
    stream.reset();
    thread.join();
  }

  static asio::awaitable<std::string> read(Stream& stream, std::size_t size) {
    std::string room(size, '\0');
    const auto [error, count] = co_await stream.async_read_some(asio::buffer(room));
    EXPECT_FALSE(error) << error.message();
    co_return room.substr(0, count);
  }

  const test::SelfSigned identity;
  const TlsServer server{{.certificate = identity.path(), .key = identity.key_path()}, true};
  asio::io_context io;
};

TEST_P(StreamTest, WhatIsSentArrivesBothWays) {
  std::string received;
  run(
      [&](Client& client) {
        client.send("hello");
        received = client.receive_all();
      },
      [&](Stream& stream) -> asio::awaitable<void> {
        EXPECT_EQ(stream.speaks_tls(), GetParam());
        // The server's choice.
        EXPECT_EQ(stream.protocol(), GetParam() ? "h2" : "");
        EXPECT_EQ(co_await read(stream, 3), "hel");
        EXPECT_EQ(co_await read(stream, 10), "lo");
        error_code error;
        std::string room(10, '\0');
        EXPECT_EQ(stream.read_some(asio::buffer(room), error), 0U);
        EXPECT_EQ(error, asio::error::would_block);
        EXPECT_EQ(stream.write_some(asio::buffer("you", 3), error), 3U);
        EXPECT_FALSE(error);
      });
  EXPECT_EQ(received, "you");
}

TEST_P(StreamTest, AnEndIsSeenAndLeavesTheOtherWayOpen) {
  std::string received;
  run(
      [&](Client& client) {
        client.send("last");
        client.end();
        received = client.receive_all();
      },
      [&](Stream& stream) -> asio::awaitable<void> {
        co_await stream.async_wait_input();
        EXPECT_FALSE(stream.at_end());
        EXPECT_EQ(co_await read(stream, 4), "last");
        co_await stream.async_wait_input();
        EXPECT_TRUE(stream.at_end());
        std::string room(4, '\0');
        const auto [error, count] = co_await stream.async_read_some(asio::buffer(room));
        EXPECT_EQ(error, asio::error::eof);
        EXPECT_EQ(count, 0U);
        error_code failed;
        EXPECT_EQ(stream.write_some(asio::buffer("bye", 3), failed), 3U);
      });
  EXPECT_EQ(received, "bye");
}

// Who reads slowly gets all of it, whole and in its order.
TEST_P(StreamTest, WhatDoesNotGoAtOnceIsWaitedFor) {
  std::string sent(3'000'000, '\0');
  for (std::size_t i = 0; i < sent.size(); ++i) {
    sent[i] = static_cast<char>(i * 2654435761U >> 24);
  }
  std::string received;
  std::size_t waited = 0;
  run([&](Client& client) { received = client.receive_all(); },
      [&](Stream& stream) -> asio::awaitable<void> {
        for (std::size_t at = 0; at < sent.size();) {
          error_code error;
          // Of another place, with the same bytes.
          const auto copy = sent.substr(at, 200'000);
          auto count = stream.write_some(asio::buffer(copy), error);
          if (error == asio::error::would_block) {
            ++waited;
            const auto moved = co_await stream.async_write_some(asio::buffer(copy));
            EXPECT_FALSE(std::get<0>(moved));
            count = std::get<1>(moved);
          }
          EXPECT_GT(count, 0U);
          at += count;
        }
        stream.shutdown_send();
      },
      4096);
  EXPECT_GT(waited, 0U);
  EXPECT_TRUE(received == sent);
}

TEST_P(StreamTest, OneThatIsClosedTouchesNothing) {
  run([](Client& client) { client.send("x"); },
      [&](Stream& stream) -> asio::awaitable<void> {
        stream.close();
        std::string room(1, '\0');
        error_code error;
        EXPECT_EQ(stream.read_some(asio::buffer(room), error), 0U);
        EXPECT_EQ(error, asio::error::bad_descriptor);
        EXPECT_EQ(stream.write_some(asio::buffer(room), error), 0U);
        EXPECT_EQ(error, asio::error::bad_descriptor);
        const auto [failed, count] = co_await stream.async_read_some(asio::buffer(room));
        EXPECT_TRUE(failed);
      });
}

TEST_P(StreamTest, AWaitEndsWithItsCancellation) {
  std::atomic<bool> done = false;
  run(
      [&](Client& /*client*/) {
        while (!done) {
          std::this_thread::sleep_for(1ms);
        }
      },
      [&](Stream& stream) -> asio::awaitable<void> {
        const auto read_on = [&]() -> asio::awaitable<bool> {
          std::string room(1, '\0');
          const auto [error, count] = co_await stream.async_read_some(asio::buffer(room));
          EXPECT_EQ(error, asio::error::operation_aborted);
          co_return true;
        };
        co_await base::with_task_group([&](TaskGroup& group) -> asio::awaitable<void> {
          group.spawn([&]() -> asio::awaitable<void> { (void)co_await read_on(); }());
          co_await base::sleep_until(Clock::now() + 20ms);
          error_code error;
          stream.socket().cancel(error);
        });
        const auto late = co_await base::within(Clock::now() + 20ms, read_on());
        EXPECT_FALSE(late.has_value());
        done = true;
      });
}

INSTANTIATE_TEST_SUITE_P(EitherKind, StreamTest, ::testing::Bool(), [](const auto& each) {
  return each.param ? std::string("Tls") : std::string("Clear");
});

class TlsStreamTest : public StreamTest {};

// In HTTP what a request is worth is told by its own framing.
TEST_P(TlsStreamTest, AnEndWithoutAWordIsAnEnd) {
  std::string received;
  run(
      [&](Client& client) {
        client.send("x");
        client.tls.socket().shutdown(tcp::socket::shutdown_send);
        received = client.receive_all();
        EXPECT_TRUE(client.tls.was_said_end());
      },
      [&](Stream& stream) -> asio::awaitable<void> {
        EXPECT_EQ(co_await read(stream, 4), "x");
        std::string room(4, '\0');
        const auto [error, count] = co_await stream.async_read_some(asio::buffer(room));
        EXPECT_EQ(error, asio::error::eof);
        error_code failed;
        EXPECT_EQ(stream.write_some(asio::buffer("bye", 3), failed), 3U);
      });
  EXPECT_EQ(received, "bye");
}

// New keys bring nothing to read, and OpenSSL alone would go on as long as more of them come.
TEST_P(TlsStreamTest, ManyNewKeysAreNotTakenInOneRead) {
  constexpr int keys = 6000;
  constexpr std::size_t most_at_once = std::size_t{4} * 17 * 1024;
  constexpr std::size_t enough = 90'000;
  run(
      [&](Client& client) {
        for (int i = 0; i < keys; ++i) {
          EXPECT_EQ(SSL_key_update(client.tls.ssl(), SSL_KEY_UPDATE_NOT_REQUESTED), 1);
          EXPECT_EQ(SSL_do_handshake(client.tls.ssl()), 1);
        }
        client.send("x");
        // With its tickets unread its end would be a reset.
        (void)client.receive_all();
      },
      [&](Stream& stream) -> asio::awaitable<void> {
        auto& socket = stream.socket();
        socket.set_option(asio::socket_base::receive_buffer_size(1 << 20));
        const auto end = Clock::now() + 10s;
        while (socket.available() < enough && Clock::now() < end) {
          co_await base::sleep_until(Clock::now() + 1ms);
        }
        EXPECT_GE(socket.available(), enough);
        std::string room(1, '\0');
        error_code error;
        EXPECT_EQ(stream.read_some(asio::buffer(room), error), 0U);
        EXPECT_EQ(error, asio::error::would_block);
        EXPECT_GE(socket.available(), enough - most_at_once);
        EXPECT_EQ(co_await read(stream, 1), "x");
      });
}

INSTANTIATE_TEST_SUITE_P(Alone, TlsStreamTest, ::testing::Values(true));

}  // namespace
}  // namespace sevenstops::base
