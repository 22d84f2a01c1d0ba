#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <optional>

#include "base/asio.hpp"
#include "base/time.hpp"
#include "stops/accept/settings.hpp"

namespace sevenstops::stops {

namespace asio = boost::asio;
using base::Clock;
using base::tcp;

/// Accept: the process takes connections that the kernel has completed.
class Accept {
 public:
  /// Tells how long nothing is to be taken from now on (a fault's hook).
  using Stall = std::function<Clock::duration(Clock::time_point now)>;

  /// Binds and listens. Port 0 lets the kernel choose. Throws std::runtime_error in one sentence
  /// when the address is not this machine's or the port is taken: unless it `joins` those who are
  /// there, by anybody; otherwise by somebody who shares it with nobody.
  Accept(asio::io_context& io, const tcp::endpoint& endpoint, const AcceptSettings& settings,
         Stall stall = {}, bool joins = false);

  /// Takes from the listener of `first`, as that one goes on to do. Throws std::runtime_error in
  /// one sentence when there is no descriptor left.
  Accept(asio::io_context& io, Accept& first, Stall stall);
  ~Accept() { close(); }
  Accept(const Accept&) = delete;
  Accept& operator=(const Accept&) = delete;

  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

  /// The next connection, its socket belonging to `owner`; none once the listener is closed. Throws
  /// boost::system::system_error when the listener is broken: there will be no other then.
  [[nodiscard]] asio::awaitable<std::optional<tcp::socket>> next(asio::io_context& owner);

  /// Takes what the kernel has completed already, and closes the listener. With an `heir` what
  /// comes too late goes to another listener of the port, as `migrate_to_others` has it.
  void finish(bool heir);

 private:
  [[nodiscard]] asio::awaitable<void> readable();
  void close();

  tcp::acceptor acceptor_;
  AcceptSettings settings_;
  Stall stall_;
  // When it is closed.
  std::optional<Clock::time_point> finish_at_;
};

/// What the kernel makes of a backlog: at most net.core.somaxconn, which belongs to the network
/// namespace (listen(2)). As it was asked for where that can't be read.
[[nodiscard]] std::int64_t backlog_granted(std::int64_t wanted);

/// Raises net.core.somaxconn, which belongs to the network namespace, where it is lower than
/// wanted. Whether it is at least that now.
[[nodiscard]] bool raise_somaxconn(std::int64_t wanted);

/// Lets connections that a listener has not taken when it is closed go to another one of its port
/// (net.ipv4.tcp_migrate_req of the kernel's ip-sysctl, since Linux 5.14), where this process may
/// change that. Whether it is so now.
bool migrate_to_others();

/// Whether it is so.
[[nodiscard]] bool migrates_to_others();

/// How long the kernel held a connection before it was taken: the age of the last acknowledgement
/// that came on it, or of its last data, whichever is older (tcpi_last_ack_recv and
/// tcpi_last_data_recv, whole milliseconds, in Linux's tcp_get_info). The handshake counts as both,
/// and the first request comes at once; a client that gives up sends an acknowledgement, and no
/// data. One that waits a while before it sends makes this too short, never too long.
[[nodiscard]] std::chrono::milliseconds time_in_queue(tcp::socket& socket);

}  // namespace sevenstops::stops
