#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "faults/stalled_acceptor.hpp"
#include "stops/accept/settings.hpp"
#include "stops/connection.hpp"

namespace sevenstops {

/// Accept: the process takes connections that the kernel has completed.
class Accept {
 public:
  /// Binds and listens on 127.0.0.1. `port` 0 lets the kernel choose. Throws std::runtime_error in
  /// one sentence when the port is taken.
  Accept(asio::io_context& io, std::uint16_t port, const AcceptSettings& settings,
         StalledAcceptor fault);

  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

  /// The next connection, its socket belonging to `owner`.
  [[nodiscard]] asio::awaitable<tcp::socket> next(asio::io_context& owner);

 private:
  [[nodiscard]] asio::awaitable<void> pause(std::chrono::duration<double> duration);

  tcp::acceptor acceptor_;
  AcceptSettings settings_;
  StalledAcceptor fault_;
  Clock::time_point start_ = Clock::now();
};

/// How long the kernel held a connection before it was taken: the age of the last acknowledgement
/// that came on it (tcpi_last_ack_recv, whole milliseconds, in Linux's tcp_get_info). The handshake
/// ends with one, and the first request brings one at once, so a client that waits a while before
/// it sends makes this too short, never too long.
[[nodiscard]] std::chrono::milliseconds time_in_queue(tcp::socket& socket);

/// Accepts the next connection only to say 503 and close: a refusal that the client can see.
void shed(tcp::socket socket);

}  // namespace sevenstops
