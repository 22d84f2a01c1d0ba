#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace sevenstops {

enum class Stop { accept, parse, route, middleware, handle, serialize, drain };
inline constexpr std::array<std::string_view, 7> stop_names = {
    "accept", "parse", "route", "middleware", "handle", "serialize", "drain"};

/// A count written by one thread and read by any.
class Counter {
 public:
  void add(std::uint64_t n = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  void sub(std::uint64_t n) {
    value_.store(value_.load(std::memory_order_relaxed) - n, std::memory_order_relaxed);
  }
  void raise_to(std::uint64_t n) {
    if (n > value_.load(std::memory_order_relaxed)) {
      value_.store(n, std::memory_order_relaxed);
    }
  }
  [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// Durations in powers of two from 1 µs to 2^25 µs (34 s), the last bucket open.
class DurationHistogram {
 public:
  static constexpr int buckets = 26;

  void record(std::chrono::nanoseconds duration) {
    const auto micros =
        static_cast<std::uint64_t>(duration.count() < 0 ? 0 : duration.count() / 1000);
    counts_[std::min(static_cast<int>(std::bit_width(micros)), buckets - 1)].add();
    nanoseconds_.add(static_cast<std::uint64_t>(duration.count() < 0 ? 0 : duration.count()));
  }
  [[nodiscard]] std::uint64_t count(int bucket) const { return counts_[bucket].value(); }
  [[nodiscard]] double seconds() const { return static_cast<double>(nanoseconds_.value()) * 1e-9; }
  /// Upper bound of a bucket in seconds.
  [[nodiscard]] static double bound(int bucket) {
    return static_cast<double>(1ULL << bucket) * 1e-6;
  }

 private:
  std::array<Counter, buckets> counts_;
  Counter nanoseconds_;
};

/// What one stop saw on one thread.
struct StopMetrics {
  static constexpr int reasons = 24;

  Counter entered;
  Counter bytes;
  DurationHistogram seconds;

  /// Counts a refusal under its reason; `reason` is a literal and is kept by address.
  void refuse(const char* reason) {
    for (auto& slot : refusals) {
      const char* known = slot.reason.load(std::memory_order_relaxed);
      if (known == nullptr) {
        slot.reason.store(reason, std::memory_order_release);
        known = reason;
      }
      if (std::strcmp(known, reason) == 0) {
        slot.count.add();
        return;
      }
    }
  }

  struct Slot {
    std::atomic<const char*> reason{nullptr};
    Counter count;
  };
  std::array<Slot, reasons> refusals;
};

/// Everything one I/O thread counts. Each number has one writer.
struct Metrics {
  std::array<StopMetrics, 7> stops;
  Counter requests;
  Counter connections_open;
  /// Connections whose walk ended in an exception.
  Counter walks_broken;
  /// Most bytes that were held for any request that was then refused.
  Counter refused_buffered_max;
  /// Bytes of bodies that were read for requests that were then refused.
  Counter refused_body_bytes;
  /// Bytes of bodies that were read on protected routes for requests without the token.
  Counter unauthenticated_body_bytes;
  /// Bytes produced that the client has not taken: now, and the most there ever were.
  Counter queued_bytes;
  Counter queued_bytes_max;
  /// Simulated work of a dependency that came to its end, and the part whose caller had left.
  Counter work_completed;
  Counter work_orphaned;
  /// Simulated work that was given up before its end; what is under way now.
  Counter work_cancelled;
  Counter work_in_progress;
  /// Requests to services beneath: all, the hedges among them, hedges that answered first, hedges
  /// that the budget denied, pages given up since their client had left, and pages answered
  /// without an optional dependency.
  Counter dependency_requests;
  Counter hedges;
  Counter hedges_won;
  Counter hedges_denied;
  Counter asks_given_up;
  Counter pages_partial;
  /// Requests that were repeated, repeats that the budget denied, requests that a breaker stopped.
  Counter retries;
  Counter retries_denied;
  Counter asks_stopped;
  /// Breakers that are not closed now, and how often one opened.
  Counter breakers_open;
  Counter breakers_opened;
  /// Connections made to services beneath, waits for one, and waits that were in vain.
  Counter dependency_connects;
  Counter pool_waits;
  Counter pool_timeouts;
  DurationHistogram pool_wait;
  /// How long blocking jobs waited for a worker, and how long they kept one.
  DurationHistogram worker_wait;
  DurationHistogram worker_busy;
  /// Queries begun, and given up before their end.
  Counter queries;
  Counter queries_cancelled;

  StopMetrics& operator[](Stop stop) { return stops[static_cast<std::size_t>(stop)]; }
  const StopMetrics& operator[](Stop stop) const { return stops[static_cast<std::size_t>(stop)]; }
};

}  // namespace sevenstops
