#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <memory>
#include <vector>

namespace sevenstops::load {

/// Latencies in steps of an eighth of a power of two: an eighth off at most, for looking at.
struct CoarseLatency {
  static constexpr std::size_t buckets = 192;

  [[nodiscard]] static std::size_t index(std::uint64_t micros) {
    const int shift = std::max(0, static_cast<int>(std::bit_width(micros)) - 4);
    const auto slot = (static_cast<std::size_t>(shift) << 3) + (micros >> shift);
    return std::min(slot, buckets - 1);
  }
  /// The highest value of a bucket, in seconds.
  [[nodiscard]] static double value(std::size_t bucket) {
    if (bucket < 16) {
      return static_cast<double>(bucket) * 1e-6;
    }
    const auto shift = (bucket >> 3) - 1;
    return static_cast<double>(((bucket - (shift << 3) + 1) << shift) - 1) * 1e-6;
  }
};

/// What happened in one interval, summed over threads.
struct IntervalSum {
  std::uint64_t sent = 0;
  std::uint64_t answered = 0;
  /// Answers that say that the service failed: 5xx, among the answered.
  std::uint64_t errors = 0;
  std::uint64_t failed = 0;
  std::array<std::uint64_t, CoarseLatency::buckets> latency{};

  void merge(const IntervalSum& other);
  /// The latency in seconds that a share `q` of the answers did not exceed; 0 without answers.
  [[nodiscard]] double quantile(double q) const;
};

/// Counts for each 100 ms of a load, written by one thread and read by any.
class Series {
 public:
  static constexpr double period = 0.1;

  explicit Series(double seconds);

  void sent(double at) { interval(at).sent.add(); }
  void answered(double at, std::uint64_t micros, bool error) {
    auto& i = interval(at);
    i.answered.add();
    if (error) {
      i.errors.add();
    }
    i.latency[CoarseLatency::index(micros)].add();
  }
  void failed(double at) { interval(at).failed.add(); }

  /// Adds what has been counted so far to `sums`, which grows as needed.
  void add_to(std::vector<IntervalSum>& sums) const;

 private:
  struct Count {
    std::atomic<std::uint32_t> value{0};
    void add() {
      value.store(value.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    }
  };
  struct Interval {
    Count sent;
    Count answered;
    Count errors;
    Count failed;
    std::array<Count, CoarseLatency::buckets> latency;
  };
  // Made when the load gets there, so that an hour's plan costs what has gone by.
  static constexpr std::size_t chunk_size = 32;
  using Chunk = std::array<Interval, chunk_size>;

  Interval& interval(double at);

  std::vector<std::atomic<Chunk*>> chunks_;
  std::vector<std::unique_ptr<Chunk>> owned_;
};

}  // namespace sevenstops::load
