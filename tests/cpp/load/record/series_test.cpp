#include "load/record/series.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace sevenstops::load {
namespace {

TEST(Series, CountsEachTenthOfASecond) {
  Series series(10);
  series.sent(-0.5);
  series.sent(0.09);
  series.answered(0.31, 1000, false);
  series.answered(0.39, 2000, true);
  series.failed(7.05);
  std::vector<IntervalSum> sums;
  series.add_to(sums);
  ASSERT_EQ(sums.size(), 71U);
  EXPECT_EQ(sums[0].sent, 2U);
  EXPECT_EQ(sums[3].answered, 2U);
  EXPECT_EQ(sums[3].errors, 1U);
  EXPECT_EQ(sums[70].failed, 1U);
  EXPECT_EQ(sums[1].sent + sums[1].answered + sums[1].failed, 0U);
}

TEST(Series, ThreadsAreAdded) {
  Series a(1);
  Series b(1);
  a.answered(0.2, 1000, false);
  b.answered(0.2, 100000, false);
  std::vector<IntervalSum> sums;
  a.add_to(sums);
  b.add_to(sums);
  EXPECT_EQ(sums[2].answered, 2U);
  EXPECT_NEAR(sums[2].quantile(0.5), 0.001, 0.0001);
  EXPECT_NEAR(sums[2].quantile(1), 0.1, 0.01);
  IntervalSum whole;
  whole.merge(sums[2]);
  whole.merge(sums[2]);
  EXPECT_EQ(whole.answered, 4U);
  EXPECT_EQ(IntervalSum().quantile(0.5), 0);
}

TEST(Series, WhatComesAfterTheEndIsCountedInItsLastChunk) {
  Series series(1);
  series.failed(3600);
  std::vector<IntervalSum> sums;
  series.add_to(sums);
  std::uint64_t failed = 0;
  for (const auto& each : sums) {
    failed += each.failed;
  }
  EXPECT_EQ(failed, 1U);
}

TEST(Series, MayBeReadWhileItIsWritten) {
  Series series(100);
  std::atomic<bool> done{false};
  std::thread writer([&] {
    for (int i = 0; i < 100000; ++i) {
      series.sent(static_cast<double>(i) / 1000);
    }
    done = true;
  });
  std::uint64_t last = 0;
  const auto sum = [&] {
    std::vector<IntervalSum> sums;
    series.add_to(sums);
    std::uint64_t sent = 0;
    for (const auto& each : sums) {
      sent += each.sent;
    }
    return sent;
  };
  while (!done) {
    const auto now = sum();
    EXPECT_GE(now, last);
    last = now;
  }
  writer.join();
  EXPECT_EQ(sum(), 100000U);
}

TEST(CoarseLatency, IsAnEighthOffAtMost) {
  for (std::uint64_t micros = 1; micros < 60'000'000; micros += micros / 3 + 1) {
    const auto value = CoarseLatency::value(CoarseLatency::index(micros)) * 1e6;
    const auto exact = static_cast<double>(micros);
    EXPECT_GE(value + 1e-6, exact) << micros;
    EXPECT_LE(value, exact * (1 + 1.0 / 8)) << micros;
  }
}

}  // namespace
}  // namespace sevenstops::load
