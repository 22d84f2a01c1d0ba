#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

namespace sevenstops::load {

/// Latencies from 1 µs to 60 s with three significant digits, in the manner of HdrHistogram
/// (Tene): each power of two is cut into 1,024 equal steps, so no value is off by more than 0.1 %.
class Histogram {
 public:
  static constexpr std::uint64_t highest = 60'000'000;

  Histogram() : counts_(index(highest) + 1) {}

  /// From what `counts`, `sum` and `highest_seen` gave of another one.
  Histogram(const std::vector<std::pair<std::uint64_t, std::uint64_t>>& counts, double sum,
            std::uint64_t highest_seen)
      : Histogram() {
    for (const auto& [micros, count] : counts) {
      counts_[index(std::min(micros, highest))] += count;
      total_ += count;
    }
    sum_ = sum;
    max_ = highest_seen;
  }

  void record(std::uint64_t micros, std::uint64_t times = 1) {
    micros = std::min(micros, highest);
    counts_[index(micros)] += times;
    total_ += times;
    sum_ += static_cast<double>(micros) * static_cast<double>(times);
    max_ = std::max(max_, micros);
  }

  bool operator==(const Histogram& other) const {
    return counts_ == other.counts_ && max_ == other.max_;
  }

  /// Each value that was seen, in microseconds and as its step's highest, and how often.
  [[nodiscard]] std::vector<std::pair<std::uint64_t, std::uint64_t>> counts() const {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> found;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      if (counts_[i] > 0) {
        found.emplace_back(value(i), counts_[i]);
      }
    }
    return found;
  }
  [[nodiscard]] double sum() const { return sum_; }
  /// In microseconds.
  [[nodiscard]] std::uint64_t highest_seen() const { return max_; }

  /// Adds the other's samples, to the last count.
  void merge(const Histogram& other) {
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      counts_[i] += other.counts_[i];
    }
    total_ += other.total_;
    sum_ += other.sum_;
    max_ = std::max(max_, other.max_);
  }

  /// Takes away samples that are all among these; the highest is then known as its step's highest.
  void take_away(const Histogram& part) {
    std::uint64_t last = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      counts_[i] -= part.counts_[i];
      last = counts_[i] > 0 ? value(i) : last;
    }
    total_ -= part.total_;
    sum_ -= part.sum_;
    max_ = std::min(max_, last);
  }

  [[nodiscard]] std::uint64_t total() const { return total_; }
  [[nodiscard]] double mean_seconds() const {
    return total_ == 0 ? 0 : sum_ / static_cast<double>(total_) / 1e6;
  }
  [[nodiscard]] double max_seconds() const { return static_cast<double>(max_) / 1e6; }

  /// The latency in seconds that a share `q` (0 to 1) of the samples does not exceed; 0 without
  /// samples.
  [[nodiscard]] double quantile_seconds(double q) const {
    const auto rank = std::max<std::uint64_t>(
        1, static_cast<std::uint64_t>(std::ceil(q * static_cast<double>(total_))));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (total_ > 0 && seen >= rank) {
        return static_cast<double>(std::min(value(i), max_)) / 1e6;
      }
    }
    return 0;
  }

  /// Samples above `seconds`.
  [[nodiscard]] std::uint64_t slower_than(double seconds) const {
    const auto micros = static_cast<std::uint64_t>(seconds * 1e6);
    std::uint64_t count = 0;
    for (std::size_t i = index(std::min(micros, highest)) + 1; i < counts_.size(); ++i) {
      count += counts_[i];
    }
    return count;
  }

 private:
  static constexpr int step_bits = 10;

  static constexpr std::size_t index(std::uint64_t v) {
    const int shift = std::max(0, static_cast<int>(std::bit_width(v)) - step_bits - 1);
    return (static_cast<std::size_t>(shift) << step_bits) + (v >> shift);
  }
  // The highest value that falls into a slot.
  static constexpr std::uint64_t value(std::size_t slot) {
    if (slot < (2U << step_bits)) {
      return slot;
    }
    const auto shift = (slot >> step_bits) - 1;
    const std::uint64_t base = slot - (shift << step_bits);
    return ((base + 1) << shift) - 1;
  }

  std::vector<std::uint64_t> counts_;
  std::uint64_t total_ = 0;
  double sum_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace sevenstops::load
