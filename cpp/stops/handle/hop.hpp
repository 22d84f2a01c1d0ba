#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "stops/connection.hpp"
#include "stops/handle/budget.hpp"
#include "stops/handle/estimate.hpp"
#include "stops/handle/pool.hpp"
#include "stops/trace.hpp"

namespace sevenstops {

/// A dependency: replicas on loopback, any of which can answer for each of its `leaves`.
struct Dependency {
  std::string name;
  std::vector<std::uint16_t> replicas;
  std::int64_t leaves = 1;
};

/// How the services beneath are asked: what all asks of one I/O thread share.
class Hop {
 public:
  Hop(const HandleSettings& settings, const std::vector<Dependency>& dependencies,
      Metrics& metrics);

  /// What travels with a request to a service beneath.
  struct Context {
    /// When waiting ends.
    Clock::time_point limit;
    /// Passed on, when given.
    std::optional<Clock::time_point> deadline;
    Trace trace;
  };

  /// Asks for every leaf of every dependency at once. True when each answered 200 within the limit.
  /// `caller` is watched when the settings say so: once it has left, whatever is under way is given
  /// up. Without a deadline to keep to, failed asks are made again until the limit.
  [[nodiscard]] asio::awaitable<bool> ask_all(tcp::socket& caller, const Context& context);

  /// Closes the connections that nobody uses; to be called before their context ends.
  void close() { pool_.close(); }

  /// Closes connections that have been idle for too long.
  void sweep(Clock::time_point now) { pool_.sweep(now); }

 private:
  // A dependency with what is learnt about it.
  struct Known {
    Dependency dependency;
    LatencyEstimate latency;
    ExtraBudget budget;
    std::size_t turn = 0;
  };
  // One leaf that is asked, by one attempt or more.
  struct Ask {
    explicit Ask(const asio::any_io_executor& executor) : wake(executor) {}
    asio::steady_timer wake;
    std::vector<std::shared_ptr<Attempt>> attempts;
    std::size_t running = 0;
    unsigned status = 0;
    bool given_up = false;
  };

  [[nodiscard]] asio::awaitable<unsigned> ask(Known& known, std::shared_ptr<Ask> ask,
                                              const Context& context);
  void launch(Known& known, const std::shared_ptr<Ask>& ask, const Context& context,
              std::size_t replica, const asio::any_io_executor& executor);
  [[nodiscard]] asio::awaitable<unsigned> exchange(std::uint16_t port, Attempt& attempt,
                                                   const Context& context);

  HandleSettings settings_;
  Metrics& metrics_;
  Pool pool_;
  std::vector<Known> known_;
};

/// Watches a connection whose request is being worked on, and calls `left` once its client has
/// gone; for as long as it lives. Only one read may wait on a connection, so nothing else may read
/// meanwhile.
class Watch {
 public:
  Watch(tcp::socket& socket, std::function<void()> left);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

 private:
  struct State {
    std::function<void()> left;
  };
  tcp::socket& socket_;
  std::shared_ptr<State> state_;
};

/// Whether the peer has closed its side and nothing is left to read.
[[nodiscard]] bool has_left(tcp::socket& socket);

}  // namespace sevenstops
