#include "base/metrics.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace sevenstops::base {
namespace {

using namespace std::chrono_literals;

struct Group : MetricGroup {
  Counter asks{*this, "asks_total", "Asks."};
  Gauge open{*this, "open", "Open now."};
  Maximum most{*this, "most", "The most."};
  Maximum most_of_each{*this, "most_of_each", "The most, summed.", Merge::sum};
  DurationHistogram wait{*this, "wait_seconds", "Waits."};
};

TEST(Metrics, EachDeclaresItselfOnceInOrder) {
  const Group group;
  const auto& numbers = group.numbers();
  ASSERT_EQ(numbers.size(), 4U);
  EXPECT_EQ(numbers[0].name, "asks_total");
  EXPECT_EQ(numbers[0].type, "counter");
  EXPECT_EQ(numbers[0].help, "Asks.");
  EXPECT_EQ(numbers[0].merge, Merge::sum);
  EXPECT_EQ(numbers[0].cell, &group.asks);
  EXPECT_EQ(numbers[1].name, "open");
  EXPECT_EQ(numbers[1].type, "gauge");
  EXPECT_EQ(numbers[1].merge, Merge::sum);
  EXPECT_EQ(numbers[2].merge, Merge::highest);
  EXPECT_EQ(numbers[3].merge, Merge::sum);
  ASSERT_EQ(group.histograms().size(), 1U);
  EXPECT_EQ(group.histograms()[0].histogram, &group.wait);
  EXPECT_EQ(group.histograms()[0].name, "wait_seconds");
}

TEST(Metrics, TheSameGroupElsewhereHasTheSameOrder) {
  const Group one;
  const Group other;
  ASSERT_EQ(one.numbers().size(), other.numbers().size());
  for (std::size_t i = 0; i < one.numbers().size(); ++i) {
    EXPECT_EQ(one.numbers()[i].name, other.numbers()[i].name);
    EXPECT_NE(one.numbers()[i].cell, other.numbers()[i].cell);
  }
}

TEST(Metrics, CountersGrowGaugesMoveMaximaStay) {
  Group group;
  group.asks.add();
  group.asks.add(4);
  group.open.add(3);
  group.open.sub();
  group.most.raise_to(7);
  group.most.raise_to(5);
  EXPECT_EQ(group.asks.value(), 5U);
  EXPECT_EQ(group.open.value(), 2U);
  EXPECT_EQ(group.most.value(), 7U);
}

TEST(Metrics, AHistogramPutsEachDurationBeneathItsBound) {
  DurationHistogram histogram;
  histogram.record(-1s);
  histogram.record(0ns);
  histogram.record(999ns);
  EXPECT_EQ(histogram.count(0), 3U);
  for (int bucket = 0; bucket + 1 < DurationHistogram::buckets; ++bucket) {
    DurationHistogram one;
    const std::chrono::nanoseconds bound(1000LL << bucket);
    one.record(bound - 1ns);
    one.record(bound);
    EXPECT_EQ(one.count(bucket), 1U);
    EXPECT_EQ(one.count(bucket + 1), 1U);
    EXPECT_DOUBLE_EQ(DurationHistogram::bound(bucket),
                     std::chrono::duration<double>(bound).count());
  }
  histogram.record(1h);
  EXPECT_EQ(histogram.count(DurationHistogram::buckets - 1), 1U);
  EXPECT_NEAR(histogram.seconds(), 3600, 1e-3);
}

TEST(Raised, RaisesForAsLongAsItLives) {
  Group group;
  {
    const Raised first(group.open);
    const Raised second(group.open);
    EXPECT_EQ(group.open.value(), 2U);
  }
  EXPECT_EQ(group.open.value(), 0U);
  try {
    const Raised raised(group.open);
    throw std::runtime_error("broken");
  } catch (const std::runtime_error&) {
    EXPECT_EQ(group.open.value(), 0U);
  }
}

TEST(UnlessCompleted, CountsWhatDidNotComeToItsEnd) {
  Group group;
  { const UnlessCompleted given_up(group.asks); }
  EXPECT_EQ(group.asks.value(), 1U);
  {
    UnlessCompleted whole(group.asks);
    whole.completed();
  }
  EXPECT_EQ(group.asks.value(), 1U);
}

}  // namespace
}  // namespace sevenstops::base
