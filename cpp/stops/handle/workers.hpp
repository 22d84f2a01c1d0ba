#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdint>

#include "stops/handle/settings.hpp"
#include "stops/refusal.hpp"

namespace sevenstops {

namespace asio = boost::asio;

/// Threads for work that blocks, with a bound on what may wait for them.
class Workers {
 public:
  explicit Workers(const HandleSettings& settings)
      : limit_(settings.queue_limit + settings.workers),
        pool_(static_cast<std::size_t>(settings.workers)) {}
  ~Workers() { pool_.join(); }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  /// Waits for the jobs that are under way. The contexts of their callers must still be there.
  void join() { pool_.join(); }

  /// Runs `job` on a worker and comes back to the caller's executor; 503 when the queue is full.
  template <class Job>
  asio::awaitable<Outcome<std::invoke_result_t<Job>>> run(Job job) {
    using Value = std::invoke_result_t<Job>;
    if (held_.fetch_add(1, std::memory_order_relaxed) >= limit_) {
      held_.fetch_sub(1, std::memory_order_relaxed);
      co_return Refusal{.reason = "worker_queue", .status = 503, .close = false};
    }
    const struct Release {
      std::atomic<std::int64_t>& held;
      ~Release() { held.fetch_sub(1, std::memory_order_relaxed); }
    } release{held_};
    auto work = [&job]() -> asio::awaitable<Value> { co_return job(); };
    auto value = co_await asio::co_spawn(pool_, work, asio::use_awaitable);
    co_return Outcome<Value>(std::move(value));
  }

 private:
  std::int64_t limit_;
  std::atomic<std::int64_t> held_{0};
  asio::thread_pool pool_;
};

}  // namespace sevenstops
