#include "load/record/series.hpp"

#include <algorithm>
#include <cmath>

namespace sevenstops::load {

void IntervalSum::merge(const IntervalSum& other) {
  sent += other.sent;
  answered += other.answered;
  errors += other.errors;
  failed += other.failed;
  for (std::size_t i = 0; i < latency.size(); ++i) {
    latency[i] += other.latency[i];
  }
}

double IntervalSum::quantile(double q) const {
  const auto rank = std::max<std::uint64_t>(
      1, static_cast<std::uint64_t>(std::ceil(q * static_cast<double>(answered))));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < latency.size(); ++i) {
    seen += latency[i];
    if (answered > 0 && seen >= rank) {
      return CoarseLatency::value(i);
    }
  }
  return 0;
}

Series::Series(double seconds)
    : chunks_(static_cast<std::size_t>(seconds / period / static_cast<double>(chunk_size)) + 2) {}

Series::Interval& Series::interval(double at) {
  const auto n = static_cast<std::size_t>(std::max(0.0, at) / period);
  const auto place = std::min(n / chunk_size, chunks_.size() - 1);
  auto* chunk = chunks_[place].load(std::memory_order_relaxed);
  if (chunk == nullptr) {
    chunk = owned_.emplace_back(std::make_unique<Chunk>()).get();
    chunks_[place].store(chunk, std::memory_order_release);
  }
  return (*chunk)[n % chunk_size];
}

void Series::add_to(std::vector<IntervalSum>& sums) const {
  for (std::size_t place = 0; place < chunks_.size(); ++place) {
    const auto* chunk = chunks_[place].load(std::memory_order_acquire);
    if (chunk == nullptr) {
      continue;
    }
    for (std::size_t i = 0; i < chunk_size; ++i) {
      const auto& from = (*chunk)[i];
      const auto value = [](const Count& count) {
        return count.value.load(std::memory_order_relaxed);
      };
      const auto n = place * chunk_size + i;
      if (value(from.sent) + value(from.answered) + value(from.failed) == 0) {
        continue;
      }
      if (sums.size() <= n) {
        sums.resize(n + 1);
      }
      sums[n].sent += value(from.sent);
      sums[n].answered += value(from.answered);
      sums[n].errors += value(from.errors);
      sums[n].failed += value(from.failed);
      for (std::size_t b = 0; b < CoarseLatency::buckets; ++b) {
        sums[n].latency[b] += value(from.latency[b]);
      }
    }
  }
}

}  // namespace sevenstops::load
