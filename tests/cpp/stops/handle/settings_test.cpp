#include "stops/handle/settings.hpp"

#include <gtest/gtest.h>

namespace sevenstops::stops {
namespace {

TEST(HandleSettings, ABulkheadPartsWorkersAndQueueAndAddsNone) {
  for (const std::int64_t workers : {2, 3, 8}) {
    for (const std::int64_t places : {1, 2, 5, 256}) {
      HandleSettings settings;
      settings.workers = workers;
      settings.queue_limit = places;
      ASSERT_TRUE(settings.parts_workers());
      const auto reports = settings.report_workers();
      const auto quick = settings.quick_workers();
      EXPECT_EQ(reports.threads + quick.threads, workers);
      EXPECT_EQ(reports.queue_limit + quick.queue_limit, places);
      EXPECT_GE(reports.threads, 1);
      EXPECT_GE(quick.threads, 1);
      settings.bulkheads = false;
      EXPECT_EQ(settings.quick_workers().threads, workers);
      EXPECT_EQ(settings.quick_workers().queue_limit, places);
    }
  }
}

TEST(HandleSettings, OneWorkerIsForAll) {
  const HandleSettings settings{.workers = 1, .queue_limit = 9};
  EXPECT_FALSE(settings.parts_workers());
  EXPECT_EQ(settings.quick_workers().threads, 1);
  EXPECT_EQ(settings.quick_workers().queue_limit, 9);
}

}  // namespace
}  // namespace sevenstops::stops
