#include "load/record/histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <thread>

namespace sevenstops::load {
namespace {

std::vector<std::uint64_t> latencies(int count) {
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> distribution(7, 2);
  std::vector<std::uint64_t> values;
  values.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    values.push_back(static_cast<std::uint64_t>(distribution(random)));
  }
  return values;
}

TEST(Histogram, QuantilesAreExactToThreeDigits) {
  auto values = latencies(20001);
  Histogram histogram;
  for (const auto v : values) {
    histogram.record(v);
  }
  std::ranges::sort(values);
  for (const double q : {0.01, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const auto rank = static_cast<std::size_t>(std::ceil(q * static_cast<double>(values.size())));
    const auto exact = static_cast<double>(std::min(values[rank - 1], Histogram::highest)) / 1e6;
    EXPECT_NEAR(histogram.quantile_seconds(q), exact, exact * 0.001) << q;
  }
  EXPECT_DOUBLE_EQ(histogram.max_seconds(),
                   static_cast<double>(std::min(values.back(), Histogram::highest)) / 1e6);
}

TEST(Histogram, MergedPartsEqualTheWhole) {
  Histogram whole;
  std::array<Histogram, 4> parts;
  const auto values = latencies(10000);
  for (std::size_t i = 0; i < values.size(); ++i) {
    whole.record(values[i]);
    parts[i % parts.size()].record(values[i]);
  }
  Histogram merged;
  for (const auto& part : parts) {
    merged.merge(part);
  }
  EXPECT_EQ(merged.total(), whole.total());
  EXPECT_EQ(merged, whole);
  EXPECT_EQ(merged.counts(), whole.counts());
  EXPECT_EQ(Histogram(merged.counts(), merged.sum(), merged.highest_seen()), whole);
}

TEST(Histogram, FourThreadsMergedEqualOne) {
  const auto values = latencies(100000);
  Histogram whole;
  for (const auto v : values) {
    whole.record(v);
  }
  std::array<Histogram, 4> parts;
  std::vector<std::thread> threads;
  for (std::size_t n = 0; n < parts.size(); ++n) {
    threads.emplace_back([&, n] {
      for (auto i = n; i < values.size(); i += parts.size()) {
        parts[n].record(values[i]);
      }
    });
  }
  Histogram merged;
  for (std::size_t n = 0; n < parts.size(); ++n) {
    threads[n].join();
    merged.merge(parts[n]);
  }
  EXPECT_EQ(merged.counts(), whole.counts());
  EXPECT_EQ(merged.total(), values.size());
}

TEST(Histogram, CountsWhatIsSlower) {
  Histogram histogram;
  for (const std::uint64_t micros : {10U, 999'000U, 1'002'000U, 2'000'000U, 90'000'000U}) {
    histogram.record(micros);
  }
  EXPECT_EQ(histogram.slower_than(1.0), 3U);
  EXPECT_EQ(histogram.slower_than(0), 5U);
  EXPECT_EQ(histogram.slower_than(100), 0U);
  EXPECT_DOUBLE_EQ(histogram.max_seconds(), 60);
  EXPECT_EQ(Histogram().quantile_seconds(0.5), 0);
}

TEST(Histogram, SamplesCanBeTakenAway) {
  Histogram all;
  Histogram part;
  for (const std::uint64_t micros : {10U, 20U, 500U}) {
    all.record(micros);
  }
  part.record(500);
  all.take_away(part);
  EXPECT_EQ(all.total(), 2U);
  EXPECT_EQ(all.highest_seen(), 20U);
  EXPECT_DOUBLE_EQ(all.mean_seconds(), 15e-6);
  EXPECT_DOUBLE_EQ(all.quantile_seconds(1), 20e-6);
  all.take_away(all);
  EXPECT_EQ(all.total(), 0U);
  EXPECT_EQ(all.highest_seen(), 0U);
}

}  // namespace
}  // namespace sevenstops::load
