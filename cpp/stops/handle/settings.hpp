#pragma once

#include <cstdint>

#include "base/setting.hpp"
#include "store/workers.hpp"
#include "upstream/settings.hpp"

namespace sevenstops::stops {

/// Handle: how long a handler may wait, where blocking work runs, and how services beneath are
/// asked.
struct HandleSettings {
  bool propagate_deadline = true;
  double deadline = 0.3;
  double hop_timeout = 0.3;
  std::int64_t hops_below = 1;
  std::int64_t workers = 2;
  std::int64_t queue_limit = 256;
  bool off_loop = true;
  double queue_time = 0.02;
  bool bulkheads = true;
  bool cancel = true;
  upstream::HedgeSettings hedge;
  upstream::RetrySettings retry;
  upstream::BreakerSettings breaker;
  upstream::OptionalSettings optional;
  upstream::PoolSettings pool;

  bool operator==(const HandleSettings&) const = default;

  template <class Self, class Visit>
  static void fields(Self& s, Visit&& visit) {
    visit("propagate_deadline", s.propagate_deadline,
          base::about_switch("one deadline passed down the hops instead of a timeout per hop"));
    visit("deadline", s.deadline,
          {"seconds", 0.001, base::hour, "budget of a request that brings none"});
    visit("hop_timeout", s.hop_timeout,
          {"seconds", 0.001, base::hour, "per-hop timeout where no deadline is passed on"});
    visit("hops_below", s.hops_below,
          {"hops", 0, 64,
           "hops beneath this process: without a deadline it waits hop_timeout for each"});
    visit("workers", s.workers,
          {"threads", 1, 256, "threads that do blocking work off the I/O threads"});
    visit("queue_limit", s.queue_limit,
          {"jobs", 1, 1000000, "jobs that may wait for a worker; beyond it 503"});
    visit("off_loop", s.off_loop,
          base::about_switch("blocking work on the workers instead of the I/O threads"));
    visit("queue_time", s.queue_time,
          {"seconds", 0.0001, base::hour,
           "longest wait for a worker once the queue has not been empty for 0.1 s; beyond it 503"});
    visit("bulkheads", s.bulkheads,
          base::about_switch("half of the workers and of their queue for reports and the rest for "
                             "what is quick, instead of all for whoever comes first; one worker "
                             "is for all"));
    visit("cancel", s.cancel,
          base::about_switch("give up work, requests beneath and queries once the client has left; "
                             "one of HTTP/1.0 has left when it closes its side"));
    visit.group("hedge", s.hedge);
    visit.group("retry", s.retry);
    visit.group("breaker", s.breaker);
    visit.group("optional", s.optional);
    visit.group("pool", s.pool);
  }

  /// Whether reports have workers of their own.
  [[nodiscard]] bool parts_workers() const { return bulkheads && workers > 1; }
  /// The workers of reports, where those have their own. Together with the others there are as many
  /// threads, and places in a queue, as without a bulkhead.
  [[nodiscard]] store::WorkerLimits report_workers() const {
    return {.threads = workers / 2, .queue_limit = queue_limit / 2, .queue_time = queue_time};
  }
  /// The workers of everything else.
  [[nodiscard]] store::WorkerLimits quick_workers() const {
    const auto parted = parts_workers();
    return {.threads = parted ? workers - workers / 2 : workers,
            .queue_limit = parted ? queue_limit - queue_limit / 2 : queue_limit,
            .queue_time = queue_time};
  }
  [[nodiscard]] upstream::Settings upstream() const {
    return {.hedge = hedge,
            .retry = retry,
            .breaker = breaker,
            .pool = pool,
            .optional = optional,
            .cancel = cancel,
            .usual_deadline = deadline};
  }
};

}  // namespace sevenstops::stops
