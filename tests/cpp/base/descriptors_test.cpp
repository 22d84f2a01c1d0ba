#include "base/descriptors.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace sevenstops::base {
namespace {

// How many descriptors the kernel has places for, of this process.
std::int64_t places() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("FDSize:")) {
      return std::stoll(line.substr(7));
    }
  }
  return 0;
}

std::ptrdiff_t open_descriptors() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
}

TEST(Descriptors, TheTableGrowsAndNothingStaysOpen) {
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  if (limit.rlim_cur < 4096) {
    GTEST_SKIP() << "too few descriptors to tell";
  }
  const auto open = open_descriptors();
  reserve_descriptors(3000);
  EXPECT_GE(places(), 3000);
  EXPECT_EQ(open_descriptors(), open);
}

TEST(Descriptors, MoreThanThereMayBeAndNoneAreNoTrouble) {
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  rlimit small = limit;
  small.rlim_cur = std::min<rlim_t>(limit.rlim_cur, 1000);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &small), 0);
  const auto open = open_descriptors();
  reserve_descriptors(1 << 20);
  reserve_descriptors(0);
  EXPECT_EQ(open_descriptors(), open);
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace
}  // namespace sevenstops::base
