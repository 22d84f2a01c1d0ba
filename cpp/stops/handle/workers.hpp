#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <optional>

#include "stops/handle/settings.hpp"
#include "stops/metrics.hpp"
#include "http/refusal.hpp"

namespace sevenstops {

namespace asio = boost::asio;

/// Threads for work that blocks, with bounds on what may wait for them and for how long.
///
/// The bound on time is that of Maurer, *Fail at Scale* (ACM Queue 13(8), 2015), after CoDel (RFC
/// 8289): while the queue is emptied now and then a job may wait for `interval`, so that a burst
/// passes; once it has not been empty for that long, for `queue_time` only.
class Workers {
 public:
  explicit Workers(const HandleSettings& settings)
      : limit_(settings.queue_limit + settings.workers),
        workers_(settings.workers),
        queue_time_(std::chrono::duration_cast<Clock::duration>(
            std::chrono::duration<double>(settings.queue_time))),
        pool_(static_cast<std::size_t>(settings.workers)) {}
  ~Workers() { pool_.join(); }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  /// Waits for the jobs that are under way. The contexts of their callers must still be there.
  void join() { pool_.join(); }

  /// Runs `job` on a worker and comes back to the caller's executor; 503 when the queue is full, or
  /// the job's turn came too late.
  /// A job that is `admitted` already, part of an answer under way, is not refused for its wait.
  /// `metrics` are those of the caller's thread: how long the job waited and ran is recorded there.
  template <class Job>
  asio::awaitable<Outcome<std::invoke_result_t<Job>>> run(Job job, Metrics& metrics,
                                                          bool admitted = false) {
    using Value = std::invoke_result_t<Job>;
    const auto held = held_.fetch_add(1, std::memory_order_relaxed);
    const auto asked = Clock::now();
    if (held < workers_) {
      last_empty_.store(asked.time_since_epoch().count(), std::memory_order_relaxed);
    }
    if (held >= limit_) {
      held_.fetch_sub(1, std::memory_order_relaxed);
      co_return Refusal{.reason = "worker_queue", .status = 503, .close = false};
    }
    const struct Release {
      std::atomic<std::int64_t>& held;
      ~Release() { held.fetch_sub(1, std::memory_order_relaxed); }
    } release{held_};
    Clock::time_point began;
    Clock::time_point ended;
    auto work = [&, this]() -> asio::awaitable<std::optional<Value>> {
      began = ended = Clock::now();
      if (!admitted && began - asked > patience()) {
        co_return std::nullopt;
      }
      std::optional<Value> made = job();
      ended = Clock::now();
      co_return made;
    };
    auto value = co_await asio::co_spawn(pool_, work, asio::use_awaitable);
    metrics.worker_wait.record(began - asked);
    metrics.worker_busy.record(ended - began);
    if (!value) {
      co_return Refusal{.reason = "worker_queue_time", .status = 503, .close = false};
    }
    co_return Outcome<Value>(std::move(*value));
  }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds interval{100};

  [[nodiscard]] Clock::duration patience() const {
    const Clock::time_point empty{Clock::duration(last_empty_.load(std::memory_order_relaxed))};
    return Clock::now() - empty > interval ? std::min<Clock::duration>(queue_time_, interval)
                                           : Clock::duration(interval);
  }

  std::int64_t limit_;
  std::int64_t workers_;
  Clock::duration queue_time_;
  std::atomic<Clock::rep> last_empty_{0};
  std::atomic<std::int64_t> held_{0};
  asio::thread_pool pool_;
};

}  // namespace sevenstops
