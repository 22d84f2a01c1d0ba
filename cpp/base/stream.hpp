#pragma once

#include <boost/asio/buffer.hpp>
#include <memory>
#include <string_view>
#include <tuple>

#include "base/asio.hpp"
#include "base/tls.hpp"

namespace sevenstops::base {

/// A connection's bytes: on its socket as they are, or within TLS. One coroutine may read while
/// another writes. Whoever ends a wait closes the stream, or cancels on its socket.
class Stream {
 public:
  using Waited = std::tuple<boost::system::error_code>;
  using Moved = std::tuple<boost::system::error_code, std::size_t>;

  // Not explicit: a socket is a stream.
  Stream(tcp::socket socket) : socket_(std::move(socket)) {}
  Stream(tcp::socket socket, const TlsServer& server)
      : socket_(std::move(socket)),
        tls_(std::make_unique<TlsSession>(server, socket_.native_handle())) {}
  Stream(Stream&&) = default;
  Stream& operator=(Stream&&) = delete;
  ~Stream() {
    if (tls_) {
      close();
    }
  }

  /// For waits, options and addresses. What is read from it is not what the peer means, with TLS.
  [[nodiscard]] tcp::socket& socket() { return socket_; }
  [[nodiscard]] const tcp::socket& socket() const { return socket_; }

  [[nodiscard]] bool speaks_tls() const { return tls_ != nullptr; }
  /// Comes before anything else, with TLS.
  [[nodiscard]] asio::awaitable<Waited> handshake();
  /// Whether the peer has sent anything towards it.
  [[nodiscard]] bool handshake_begun() const { return tls_->has_heard(); }
  /// What was chosen by ALPN; empty without it.
  [[nodiscard]] std::string_view protocol() const {
    return tls_ ? tls_->protocol() : std::string_view();
  }

  /// What is there, or goes, at once; would_block where nothing does. After that, what is written
  /// next has to begin with the same bytes.
  [[nodiscard]] std::size_t read_some(asio::mutable_buffer room, boost::system::error_code& error) {
    return tls_ ? tls_read(room, error) : socket_.read_some(room, error);
  }
  std::size_t write_some(asio::const_buffer bytes, boost::system::error_code& error) {
    return tls_ ? tls_write(bytes, error) : socket_.write_some(bytes, error);
  }
  [[nodiscard]] asio::awaitable<Moved> async_read_some(asio::mutable_buffer room) {
    if (tls_) {
      return tls_async_read(room);
    }
    return socket_.async_read_some(room, as_tuple);
  }
  [[nodiscard]] asio::awaitable<Moved> async_write_some(asio::const_buffer bytes) {
    if (tls_) {
      return tls_async_write(bytes);
    }
    return socket_.async_write_some(bytes, as_tuple);
  }

  /// Waits until there is something to read, or the peer's end.
  [[nodiscard]] asio::awaitable<Waited> async_wait_input() {
    if (tls_) {
      return tls_async_wait();
    }
    return socket_.async_wait(tcp::socket::wait_read, as_tuple);
  }
  /// Whether there is nothing to read but the peer's end.
  [[nodiscard]] bool at_end();
  /// Whether the peer has sent something that was not read; with TLS perhaps nothing that it means.
  [[nodiscard]] bool has_input() {
    boost::system::error_code error;
    return (tls_ && tls_->available() > 0) || socket_.available(error) > 0;
  }

  /// With TLS says that nothing more is sent, and waits until that has gone: an answer that only
  /// the connection's end delimits is whole with it, and cut short without (RFC 9112, 9.8).
  [[nodiscard]] asio::awaitable<Waited> async_say_end();
  /// Says that nothing more is sent.
  void shutdown_send();
  /// With TLS it says so first, where that goes at once.
  void close();

 private:
  [[nodiscard]] std::size_t tls_read(asio::mutable_buffer room, boost::system::error_code& error);
  [[nodiscard]] std::size_t tls_write(asio::const_buffer bytes, boost::system::error_code& error);
  [[nodiscard]] asio::awaitable<Moved> tls_async_read(asio::mutable_buffer room);
  [[nodiscard]] asio::awaitable<Moved> tls_async_write(asio::const_buffer bytes);
  [[nodiscard]] asio::awaitable<Waited> tls_async_wait();
  template <class Try>
  [[nodiscard]] asio::awaitable<boost::system::error_code> tls_async(Try attempt);

  tcp::socket socket_;
  std::unique_ptr<TlsSession> tls_;
};

}  // namespace sevenstops::base
