#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

namespace sevenstops::base {

/// A number written by one thread and read by any.
class Cell {
 public:
  [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 protected:
  void set(std::uint64_t n) { value_.store(n, std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// Durations in powers of two from 1 µs to 2^25 µs (34 s), the last bucket open; written by one
/// thread and read by any.
class DurationHistogram;

/// How a metric of several threads becomes one.
enum class Merge : std::uint8_t { sum, highest };

/// What one thread counts of one matter. Its members declare themselves: a counter is one line,
///
///     struct PoolMetrics : MetricGroup {
///       Counter waits{*this, "pool_waits_total", "Requests that waited for a connection."};
///     };
///
/// and /metrics and /stops show it. The same group on another thread has its metrics in the same
/// order.
class MetricGroup {
 public:
  struct Number {
    const Cell* cell;
    std::string_view name;
    /// "counter" or "gauge", as Prometheus has them.
    std::string_view type;
    std::string_view help;
    Merge merge;
  };
  struct Histogram {
    const DurationHistogram* histogram;
    std::string_view name;
    std::string_view help;
  };

  MetricGroup() = default;
  MetricGroup(const MetricGroup&) = delete;
  MetricGroup& operator=(const MetricGroup&) = delete;

  [[nodiscard]] const std::vector<Number>& numbers() const { return numbers_; }
  [[nodiscard]] const std::vector<Histogram>& histograms() const { return histograms_; }

 private:
  friend class Counter;
  friend class Gauge;
  friend class Maximum;
  friend class DurationHistogram;

  std::vector<Number> numbers_;
  std::vector<Histogram> histograms_;
};

/// A count that only grows.
class Counter : public Cell {
 public:
  /// One that no group shows.
  Counter() = default;
  Counter(MetricGroup& group, std::string_view name, std::string_view help) {
    group.numbers_.push_back({this, name, "counter", help, Merge::sum});
  }
  void add(std::uint64_t n = 1) { set(value() + n); }
};

/// A number that goes up and down.
class Gauge : public Cell {
 public:
  Gauge(MetricGroup& group, std::string_view name, std::string_view help) {
    group.numbers_.push_back({this, name, "gauge", help, Merge::sum});
  }
  void add(std::uint64_t n = 1) { set(value() + n); }
  void sub(std::uint64_t n = 1) { set(value() - n); }
};

/// The highest value there ever was.
class Maximum : public Cell {
 public:
  Maximum(MetricGroup& group, std::string_view name, std::string_view help,
          Merge merge = Merge::highest) {
    group.numbers_.push_back({this, name, "gauge", help, merge});
  }
  void raise_to(std::uint64_t n) {
    if (n > value()) {
      set(n);
    }
  }
};

class DurationHistogram {
 public:
  static constexpr int buckets = 26;

  /// One that no group shows.
  DurationHistogram() = default;
  DurationHistogram(MetricGroup& group, std::string_view name, std::string_view help) {
    group.histograms_.push_back({this, name, help});
  }

  void record(std::chrono::nanoseconds duration) {
    const auto nanoseconds =
        static_cast<std::uint64_t>(std::max<std::int64_t>(0, duration.count()));
    counts_[std::min(static_cast<int>(std::bit_width(nanoseconds / 1000)), buckets - 1)].add();
    nanoseconds_.add(nanoseconds);
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

/// Raises a gauge for as long as it lives.
class Raised {
 public:
  explicit Raised(Gauge& gauge) : gauge_(gauge) { gauge_.add(); }
  Raised(const Raised&) = delete;
  Raised& operator=(const Raised&) = delete;
  ~Raised() { gauge_.sub(); }

 private:
  Gauge& gauge_;
};

/// Counts what was begun and did not come to its end: whoever gets there says so by `completed`.
class UnlessCompleted {
 public:
  explicit UnlessCompleted(Counter& counter) : counter_(&counter) {}
  UnlessCompleted(const UnlessCompleted&) = delete;
  UnlessCompleted& operator=(const UnlessCompleted&) = delete;
  ~UnlessCompleted() {
    if (counter_ != nullptr) {
      counter_->add();
    }
  }
  void completed() { counter_ = nullptr; }

 private:
  Counter* counter_;
};

}  // namespace sevenstops::base
