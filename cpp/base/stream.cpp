#include "base/stream.hpp"

#include <sys/socket.h>

#include <boost/asio/post.hpp>
#include <cerrno>

namespace sevenstops::base {

using boost::system::error_code;

// A descriptor that is closed may be another connection's by now.
std::size_t Stream::tls_read(asio::mutable_buffer room, error_code& error) {
  if (!socket_.is_open()) {
    error = asio::error::bad_descriptor;
    return 0;
  }
  return tls_->read(room, error);
}

std::size_t Stream::tls_write(asio::const_buffer bytes, error_code& error) {
  if (!socket_.is_open()) {
    error = asio::error::bad_descriptor;
    return 0;
  }
  return tls_->write(bytes, error);
}

// Tries, and waits, until it goes or can't go any more.
template <class Try>
asio::awaitable<error_code> Stream::tls_async(Try attempt) {
  error_code error = attempt();
  if (error != asio::error::would_block) {
    // As a socket does it: one who always has something to say may not hold the thread.
    co_await asio::post(asio::use_awaitable);
  }
  while (error == asio::error::would_block) {
    const auto [failed] = co_await socket_.async_wait(tls_->waits_for(), as_tuple);
    error = failed ? failed : attempt();
  }
  co_return error;
}

asio::awaitable<Stream::Moved> Stream::tls_async_read(asio::mutable_buffer room) {
  std::size_t count = 0;
  const auto error = co_await tls_async([this, room, &count] {
    error_code e;
    count = tls_read(room, e);
    return e;
  });
  co_return Moved(error, count);
}

asio::awaitable<Stream::Moved> Stream::tls_async_write(asio::const_buffer bytes) {
  std::size_t count = 0;
  const auto error = co_await tls_async([this, bytes, &count] {
    error_code e;
    count = tls_write(bytes, e);
    return e;
  });
  co_return Moved(error, count);
}

asio::awaitable<Stream::Waited> Stream::tls_async_wait() {
  const auto error = co_await tls_async([this] {
    const error_code closed = asio::error::bad_descriptor;
    return socket_.is_open() ? tls_->peek() : closed;
  });
  // An end is what was waited for.
  const bool over = error == asio::error::operation_aborted;
  co_return Waited(over ? error : error_code());
}

asio::awaitable<Stream::Waited> Stream::handshake() {
  const auto error = co_await tls_async([this] {
    const error_code closed = asio::error::bad_descriptor;
    return socket_.is_open() ? tls_->handshake() : closed;
  });
  co_return Waited(error);
}

asio::awaitable<Stream::Waited> Stream::async_say_end() {
  error_code error;
  if (tls_) {
    error = co_await tls_async([this] {
      const error_code closed = asio::error::bad_descriptor;
      return socket_.is_open() ? tls_->say_end() : closed;
    });
  }
  co_return Waited(error);
}

bool Stream::at_end() {
  if (tls_) {
    const auto error = socket_.is_open() ? tls_->peek() : asio::error::bad_descriptor;
    return error && error != asio::error::would_block;
  }
  char byte = 0;
  const auto got = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK);
}

void Stream::shutdown_send() {
  if (tls_ && socket_.is_open()) {
    (void)tls_->say_end();
  }
  error_code error;
  socket_.shutdown(tcp::socket::shutdown_send, error);
}

void Stream::close() {
  if (tls_ && socket_.is_open()) {
    (void)tls_->say_end();
  }
  error_code error;
  socket_.close(error);
}

}  // namespace sevenstops::base
