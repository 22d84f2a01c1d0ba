#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <optional>

#include "base/asio.hpp"
#include "base/event.hpp"
#include "base/time.hpp"
#include "upstream/metrics.hpp"
#include "upstream/settings.hpp"

namespace sevenstops::upstream {

namespace asio = boost::asio;
using base::Clock;
using base::tcp;

/// Kept connections to the services beneath, as one I/O thread has them.
///
/// A limit holds for each replica, or, the fragile way, for all together: then one that is slow
/// takes the connections of the others with it.
class Pool {
  struct Group;

 public:
  /// A connection while it is used. It is closed when the lease is destroyed, which tells the peer,
  /// unless it was said to be worth keeping; either way the next who waits goes on. The pool has to
  /// outlive it.
  class Lease {
   public:
    Lease(Lease&& other) noexcept;
    Lease& operator=(Lease&&) = delete;
    ~Lease();

    [[nodiscard]] tcp::socket& socket() { return socket_; }
    /// Whether it has carried a request before: such a one may have been closed by the peer
    /// meanwhile.
    [[nodiscard]] bool used() const { return used_; }
    /// To be kept for others.
    void keep() { kept_ = true; }

   private:
    friend class Pool;
    Lease(Group& group, std::uint16_t port, tcp::socket socket, bool used)
        : group_(&group), port_(port), socket_(std::move(socket)), used_(used) {}

    Group* group_;
    std::uint16_t port_;
    tcp::socket socket_;
    bool used_;
    bool kept_ = false;
  };

  Pool(const PoolSettings& settings, Metrics& metrics) : settings_(settings), metrics_(metrics) {}

  /// A connection to a port on loopback; waits for its turn where the limit is reached. Nothing
  /// when the peer refuses. Throws operation_aborted when the caller is cancelled: a wait that was
  /// in vain by then counts as a timeout where `limit` has passed.
  [[nodiscard]] asio::awaitable<std::optional<Lease>> acquire(std::uint16_t port,
                                                              Clock::time_point limit);

  /// Closes what is idle: no connection may outlive the context that it belongs to.
  void close();

  /// Closes what has been idle for `idle_timeout`.
  void sweep(Clock::time_point now);

 private:
  struct Idle {
    tcp::socket socket;
    Clock::time_point since;
  };
  struct Waiter;
  // What one limit holds for.
  struct Group {
    std::int64_t open = 0;
    std::map<std::uint16_t, std::deque<Idle>> idle;
    std::list<Waiter*> waiters;

    [[nodiscard]] std::optional<tcp::socket> take_idle(std::uint16_t port);
    void make_room(std::int64_t limit);
    void wake_next();
  };

  [[nodiscard]] Group& group(std::uint16_t port) {
    return groups_[settings_.per_replica ? port : 0];
  }
  [[nodiscard]] asio::awaitable<void> turn(Group& group, Clock::time_point limit);

  PoolSettings settings_;
  Metrics& metrics_;
  std::map<std::uint16_t, Group> groups_;
};

}  // namespace sevenstops::upstream
