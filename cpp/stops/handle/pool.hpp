#pragma once

#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <list>
#include <map>
#include <optional>

#include "stops/connection.hpp"
#include "stops/handle/settings.hpp"
#include "stops/metrics.hpp"

namespace sevenstops {

/// One request to a replica while it is under way, so that somebody else can give it up.
class Attempt {
 public:
  /// Ends what is waited for; the connection is closed, which tells the replica.
  void cancel() {
    cancelled_ = true;
    boost::system::error_code error;
    if (socket_ != nullptr) {
      socket_->close(error);
    }
    if (waiting_ != nullptr) {
      waiting_->cancel();
    }
  }
  [[nodiscard]] bool cancelled() const { return cancelled_; }

  /// What `cancel` ends from now on; nullptr for nothing.
  void uses(tcp::socket* socket) { socket_ = socket; }
  void waits(asio::steady_timer* timer) { waiting_ = timer; }

 private:
  tcp::socket* socket_ = nullptr;
  asio::steady_timer* waiting_ = nullptr;
  bool cancelled_ = false;
};

/// Kept connections to the services beneath, as one I/O thread has them.
///
/// A limit holds for each dependency, or, the fragile way, for all together: then one that is slow
/// takes the connections of the others with it.
class Pool {
 public:
  /// A connection, and whether it has carried a request before: such a one may have been closed by
  /// the peer meanwhile.
  struct Leased {
    tcp::socket socket;
    bool used;
  };

  Pool(const HandleSettings& settings, Metrics& metrics) : settings_(settings), metrics_(metrics) {}

  /// A connection to a port on loopback. Nothing when the attempt was cancelled, the peer refused,
  /// or it had to wait for its turn until `limit`.
  [[nodiscard]] asio::awaitable<std::optional<Leased>> take(std::uint16_t port, Attempt& attempt,
                                                            Clock::time_point limit);

  /// Takes a connection back, to keep it where it is `reusable`, and lets the next one go on.
  void give(std::uint16_t port, tcp::socket socket, bool reusable);

  /// Closes what is idle: no connection may outlive the context that it belongs to.
  void close();

  /// Closes what has been idle for `pool_idle_timeout`.
  void sweep(Clock::time_point now);

 private:
  struct Idle {
    tcp::socket socket;
    Clock::time_point since;
  };
  struct Waiter {
    asio::steady_timer turn;
    bool called = false;
  };
  // What one limit holds for.
  struct Group {
    std::int64_t open = 0;
    std::map<std::uint16_t, std::deque<Idle>> idle;
    std::list<Waiter*> waiting;
  };

  Group& group(std::uint16_t port) { return groups_[settings_.pool_per_dependency ? port : 0]; }
  [[nodiscard]] static std::optional<tcp::socket> idle(Group& group, std::uint16_t port);
  void ended(Group& group);
  [[nodiscard]] asio::awaitable<bool> turn(Group& group, Attempt& attempt, Clock::time_point limit);

  HandleSettings settings_;
  Metrics& metrics_;
  std::map<std::uint16_t, Group> groups_;
};

}  // namespace sevenstops
