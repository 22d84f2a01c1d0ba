#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstdint>
#include <exception>
#include <optional>
#include <stop_token>
#include <utility>

#include "base/asio.hpp"
#include "base/metrics.hpp"
#include "base/time.hpp"
#include "http/refusal.hpp"

namespace sevenstops::store {

namespace asio = boost::asio;
using base::Clock;

struct WorkerLimits {
  std::int64_t threads = 2;
  /// Jobs that may wait for a worker.
  std::int64_t queue_limit = 256;
  /// Seconds that a job may wait once the queue has not been empty for 0.1 s.
  double queue_time = 0.02;
};

/// What one I/O thread saw of the workers.
struct WorkerMetrics : base::MetricGroup {
  base::DurationHistogram wait{*this, "worker_wait_duration_seconds",
                               "How long blocking jobs waited for a worker."};
  base::DurationHistogram busy{*this, "worker_busy_duration_seconds",
                               "How long blocking jobs kept a worker."};
};

/// Threads for work that blocks, with bounds on what may wait for them and for how long.
///
/// The bound on time is that of Maurer, *Fail at Scale* (ACM Queue 13(8), 2015), after CoDel (RFC
/// 8289): while the queue is emptied now and then a job may wait for `interval`, so that a burst
/// passes; once it has not been empty for that long, for `queue_time` only. Which of them is known
/// when the job asks. Workers that are all busy make no queue.
class Workers {
 public:
  explicit Workers(const WorkerLimits& limits)
      : limit_(limits.queue_limit + limits.threads),
        queue_time_(base::seconds(limits.queue_time)),
        pool_(static_cast<std::size_t>(limits.threads)) {}
  ~Workers() { pool_.join(); }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  /// Waits for the jobs that are under way. The contexts of their callers must still be there.
  void join() { pool_.join(); }

  /// Runs `job(std::stop_token)` on a worker and comes back to the caller's executor; 503 when the
  /// queue is full, or the job's turn came too late. What the job throws comes out here. When the
  /// caller is cancelled the token says so; the caller goes on when the job has ended.
  /// A job that is `admitted` already, part of an answer under way, is not refused for its wait.
  /// `metrics` are those of the caller's thread.
  template <class Job>
  asio::awaitable<http::Outcome<std::invoke_result_t<Job, std::stop_token>>> run(
      Job job, WorkerMetrics& metrics, bool admitted = false) {
    using Value = std::invoke_result_t<Job, std::stop_token>;
    const Place place(held_);
    if (place.before() >= limit_) {
      co_return http::Reason::worker_queue;
    }
    const auto asked = Clock::now();
    std::optional<Place> in_queue(std::in_place, waiting_);
    const auto most = patience(asked, in_queue->before() == 0);
    Clock::time_point began;
    Clock::time_point ended;
    auto timed = [&](const std::stop_token& stop) -> std::optional<Value> {
      in_queue.reset();
      began = ended = Clock::now();
      if (!admitted && began - asked > most) {
        return std::nullopt;
      }
      std::optional<Value> value = job(stop);
      ended = Clock::now();
      return value;
    };
    auto value = co_await on_worker<std::optional<Value>>(timed);
    metrics.wait.record(began - asked);
    metrics.busy.record(ended - began);
    if (!value) {
      co_return http::Reason::worker_queue_time;
    }
    co_return http::Outcome<Value>(std::move(*value));
  }

 private:
  static constexpr std::chrono::milliseconds interval{100};

  // A job's place among those that wait, or that wait or work.
  class Place {
   public:
    explicit Place(std::atomic<std::int64_t>& held)
        : held_(held), before_(held.fetch_add(1, std::memory_order_relaxed)) {}
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() { held_.fetch_sub(1, std::memory_order_relaxed); }
    [[nodiscard]] std::int64_t before() const { return before_; }

   private:
    std::atomic<std::int64_t>& held_;
    std::int64_t before_;
  };

  // Runs `work(stop_token)` on a worker; `work` stays where it is, in the caller's frame.
  template <class Value, class Work>
  asio::awaitable<Value> on_worker(Work& work) {
    co_return co_await asio::async_initiate<const asio::use_awaitable_t<>,
                                            void(std::exception_ptr, Value)>(
        [&, this](auto handler) {
          const auto executor = asio::get_associated_executor(handler);
          std::stop_source source;
          auto slot = asio::get_associated_cancellation_slot(handler);
          if (slot.is_connected()) {
            slot.assign([source](asio::cancellation_type) mutable { source.request_stop(); });
          }
          asio::post(pool_, [&work, slot, stop = source.get_token(), handler = std::move(handler),
                             caller = asio::make_work_guard(executor)]() mutable {
            std::exception_ptr trouble;
            Value value{};
            try {
              value = work(stop);
            } catch (...) {
              trouble = std::current_exception();
            }
            // This thread keeps no hold of the exception, whose end is then its catcher's.
            asio::post(caller.get_executor(),
                       [slot, trouble = std::move(trouble), value = std::move(value),
                        handler = std::move(handler)]() mutable {
                         slot.clear();
                         std::move(handler)(std::move(trouble), std::move(value));
                       });
          });
        },
        asio::use_awaitable);
  }

  // How long a job may wait that asks now and has found the queue empty or not.
  [[nodiscard]] Clock::duration patience(Clock::time_point now, bool empty) {
    if (empty) {
      last_empty_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
    }
    const Clock::time_point last{Clock::duration(last_empty_.load(std::memory_order_relaxed))};
    return now - last > interval ? std::min<Clock::duration>(queue_time_, interval)
                                 : Clock::duration(interval);
  }

  std::int64_t limit_;
  Clock::duration queue_time_;
  std::atomic<Clock::rep> last_empty_{0};
  std::atomic<std::int64_t> held_{0};
  std::atomic<std::int64_t> waiting_{0};
  asio::thread_pool pool_;
};

}  // namespace sevenstops::store
