#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "stops/connection.hpp"
#include "stops/handle/breaker.hpp"
#include "stops/handle/budget.hpp"
#include "stops/handle/estimate.hpp"
#include "stops/handle/pool.hpp"
#include "http/trace.hpp"

namespace sevenstops {

/// A dependency: replicas on loopback, any of which can answer for each of its `leaves`.
struct Dependency {
  std::string name;
  std::vector<std::uint16_t> replicas;
  std::int64_t leaves = 1;
  /// A page may be answered without it.
  bool optional = false;
  /// Whether one answer may be asked for more than once, by a hedge or a repeat (RFC 9110, 9.2.2).
  bool idempotent = true;
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

  /// What became of a page's asks.
  struct Answers {
    /// 200 when every dependency that is needed said so; else 504 for one that was late, 503 for
    /// one whose breaker is open, 502 for one that failed.
    unsigned status = 200;
    /// Optional dependencies that failed.
    std::vector<std::string> missing;
  };

  /// Asks for every leaf of every dependency at once, or of the one named `only`.
  /// `caller` is watched when the settings say so: once it has left, whatever is under way is given
  /// up, as it is once one that is needed has failed.
  [[nodiscard]] asio::awaitable<Answers> ask_all(tcp::socket& caller, const Context& context,
                                                 std::string_view only);

  /// Whether there is a dependency of that name.
  [[nodiscard]] bool knows(std::string_view name) const;

  /// Closes the connections that nobody uses; to be called before their context ends.
  void close() { pool_.close(); }

  /// Closes connections that have been idle for too long.
  void sweep(Clock::time_point now) { pool_.sweep(now); }

 private:
  // A dependency with what is learnt about it.
  struct Known {
    Dependency dependency;
    LatencyEstimate latency;
    ExtraBudget hedges;
    ExtraBudget retries;
    Breaker breaker;
    std::size_t turn = 0;
  };
  // One leaf that is asked, by one attempt or more.
  struct Ask {
    explicit Ask(const asio::any_io_executor& executor) : wake(executor) {}
    asio::steady_timer wake;
    std::vector<std::shared_ptr<Attempt>> attempts;
    std::size_t running = 0;
    unsigned status = 0;
    bool begun = false;
    bool given_up = false;

    /// One attempt's work has begun: the others are called off.
    void begins(const Attempt& attempt);
    [[nodiscard]] bool done() const {
      return given_up || status == ok || (running == 0 && status != 0);
    }
  };
  struct Progress;
  // When and how often other replicas are asked beside the first.
  struct Hedging {
    std::int64_t most = 0;
    Clock::duration after{};
  };
  static constexpr unsigned ok = 200;

  [[nodiscard]] asio::awaitable<unsigned> ask(Known& known, Progress& progress, std::size_t place,
                                              const Context& context);
  [[nodiscard]] asio::awaitable<unsigned> ask_once(Known& known, std::shared_ptr<Ask> ask,
                                                   Context context);
  [[nodiscard]] Hedging hedging(Known& known) const;
  [[nodiscard]] Clock::duration pause_before(std::int64_t repeat);
  [[nodiscard]] bool waits_less(const Known& known) const {
    return known.dependency.optional && settings_.partial;
  }
  [[nodiscard]] Breaker::Verdict verdict(const Known& known, unsigned status, const Ask& ask,
                                         Clock::duration given) const;
  void launch(Known& known, const std::shared_ptr<Ask>& ask, const Context& context,
              std::size_t replica, const asio::any_io_executor& executor);
  [[nodiscard]] asio::awaitable<unsigned> exchange(const Known& known, std::uint16_t port, Ask& ask,
                                                   Attempt& attempt, const Context& context);

  HandleSettings settings_;
  Metrics& metrics_;
  Pool pool_;
  std::vector<Known> known_;
  std::mt19937_64 random_;
};

}  // namespace sevenstops
