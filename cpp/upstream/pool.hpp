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
/// One limit holds for each replica, another for all together: where the second is all there is, a
/// replica that is slow takes the connections of the others with it.
class Pool {
  struct Group;

 public:
  /// A connection while it is used. It is closed when the lease is destroyed, which tells the peer,
  /// unless it was said to be worth keeping; either way the next who waits and now has room goes
  /// on. The pool has to outlive it.
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
    Lease(Pool& pool, Group& group, tcp::socket socket, bool used)
        : pool_(&pool), group_(&group), socket_(std::move(socket)), used_(used) {}

    Pool* pool_;
    Group* group_;
    tcp::socket socket_;
    bool used_;
    bool kept_ = false;
  };

  Pool(const PoolSettings& settings, Metrics& metrics) : settings_(settings), metrics_(metrics) {}

  /// A connection to a port on loopback; waits for its turn where a limit is reached. Nothing when
  /// the peer refuses. Throws operation_aborted when the caller is cancelled: a wait that was in
  /// vain by then counts as a timeout where `limit` has passed.
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
  // The connections to one replica, and who waits for one.
  struct Group {
    std::int64_t open = 0;
    std::deque<Idle> idle;
    std::list<Waiter*> waiters;
  };

  [[nodiscard]] bool all_taken() const { return settings_.total > 0 && open_ >= settings_.total; }
  [[nodiscard]] Group* longest_idle();
  [[nodiscard]] bool has_room(const Group& group) const;
  [[nodiscard]] Lease take(Group& group, const asio::any_io_executor& executor);
  void give_back(Group& group, Lease& lease);
  void closed(Group& group);
  void close_oldest(Group& group);
  void serve();
  [[nodiscard]] asio::awaitable<Lease> turn(Group& group, Clock::time_point limit);
  [[nodiscard]] asio::awaitable<bool> connect(tcp::socket& socket, std::uint16_t port);

  PoolSettings settings_;
  Metrics& metrics_;
  std::map<std::uint16_t, Group> groups_;
  // All together, those that are idle included, and those alone.
  std::int64_t open_ = 0;
  std::int64_t idle_ = 0;
  // How many have waited.
  std::uint64_t waited_ = 0;
};

}  // namespace sevenstops::upstream
