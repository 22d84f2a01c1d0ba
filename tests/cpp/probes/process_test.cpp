#include "probes/process.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

namespace sevenstops::probes {
namespace {

TEST(ProcessProbe, SeesThisProcess) {
  const auto probe = probe_process(::getpid());
  constexpr std::uint64_t mebibyte = 1 << 20;
  EXPECT_GT(probe.rss_bytes, mebibyte);
  EXPECT_GT(probe.pss_bytes, 0U);
  EXPECT_LE(probe.pss_bytes, probe.rss_bytes);
  EXPECT_GE(probe.cpu_seconds, 0);
}

TEST(ProcessProbe, SeesWorkAndMemory) {
  const auto before = probe_process(::getpid());
  constexpr std::size_t size = 64U << 20;
  const std::vector<char> memory(size, 'x');
  volatile std::uint64_t sum = 0;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  auto after = probe_process(::getpid());
  while (after.cpu_seconds < before.cpu_seconds + 0.02 && std::chrono::steady_clock::now() < end) {
    for (int i = 0; i < 1000000; ++i) {
      sum = sum + static_cast<std::uint64_t>(i);
    }
    after = probe_process(::getpid());
  }
  EXPECT_GE(after.cpu_seconds, before.cpu_seconds + 0.02);
  EXPECT_GE(after.rss_bytes, before.rss_bytes + size / 2);
  EXPECT_EQ(memory.back(), 'x');
}

TEST(ProcessProbe, OneThatIsGoneIsOneSentence) {
  const auto child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::_exit(0);
  }
  ::waitpid(child, nullptr, 0);
  try {
    (void)probe_process(child);
    ADD_FAILURE();
  } catch (const std::runtime_error& error) {
    EXPECT_EQ(std::string(error.what()), "process " + std::to_string(child) + " is gone");
  }
}

}  // namespace
}  // namespace sevenstops::probes
