#include "base/log.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>

namespace sevenstops::base {
namespace {

class LogTest : public ::testing::Test {
 protected:
  LogTest() {
    auto name = (std::filesystem::temp_directory_path() / "log-test-XXXXXX").string();
    folder = ::mkdtemp(name.data());
    file = folder / "access.log";
  }
  ~LogTest() override { std::filesystem::remove_all(folder); }

  std::filesystem::path folder;
  std::filesystem::path file;
};

std::string why_not(const std::string& path) {
  try {
    const Log log(path);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return {};
}

TEST_F(LogTest, IsCompleteAfterItsEnd) {
  constexpr int lines = 5000;
  {
    Log log(file.string());
    EXPECT_TRUE(log.logs_access());
    for (int i = 0; i < lines; ++i) {
      log.access(",\"n\":" + std::to_string(i));
    }
    EXPECT_EQ(log.dropped(), 0U);
  }
  std::ifstream in(file);
  std::string line;
  int n = 0;
  while (std::getline(in, line)) {
    const auto parsed = boost::json::parse(line);
    EXPECT_EQ(parsed.at("n").to_number<int>(), n++);
    EXPECT_FALSE(parsed.at("time").as_string().empty());
  }
  EXPECT_EQ(n, lines);
}

TEST_F(LogTest, IsAppendedTo) {
  for (int i = 0; i < 3; ++i) {
    Log log(file.string());
    log.access(",\"n\":1");
  }
  std::ifstream in(file);
  std::string line;
  int n = 0;
  while (std::getline(in, line)) {
    ++n;
  }
  EXPECT_EQ(n, 3);
}

TEST_F(LogTest, WithoutAFileThereIsNoAccessLog) {
  const Log log;
  EXPECT_FALSE(log.logs_access());
  EXPECT_EQ(log.dropped(), 0U);
}

TEST_F(LogTest, WhatCanNotBeWrittenIsOneSentence) {
  for (const auto& path : {folder / "missing" / "access.log", folder, folder / ""}) {
    const auto sentence = why_not(path.string());
    EXPECT_NE(sentence.find("cannot be written"), std::string::npos) << path;
    EXPECT_EQ(sentence.find('\n'), std::string::npos);
  }
  EXPECT_FALSE(std::filesystem::exists(folder / "missing"));
}

TEST_F(LogTest, SentencesGoToStderr) {
  ::testing::internal::CaptureStderr();
  {
    Log log;
    log.error("the sky has fallen");
  }
  const auto written = ::testing::internal::GetCapturedStderr();
  EXPECT_NE(written.find("sevenstops-service: the sky has fallen\n"), std::string::npos);
}

// The file is a pipe that nobody reads for a while: the log's thread is stuck, callers are not, and
// what found the queue full is counted.
TEST_F(LogTest, CountsWhatItsQueueHadNoRoomFor) {
  constexpr std::uint64_t logged = 34000;
  ASSERT_EQ(::mkfifo(file.c_str(), 0600), 0);
  // Both ends at once, so that neither open waits for the other.
  const int both = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_GE(both, 0);
  ::fcntl(both, F_SETPIPE_SZ, 4096);
  const int out = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_GE(out, 0);
  auto log = std::make_unique<Log>(file.string());
  ::close(both);
  for (std::uint64_t i = 0; i < logged; ++i) {
    log->access(",\"n\":" + std::to_string(i));
  }
  EXPECT_GT(log->dropped(), 0U);
  std::uint64_t lines = 0;
  const auto read_some = [&] {
    std::array<char, 4096> buffer{};
    const auto n = ::read(out, buffer.data(), buffer.size());
    for (ssize_t i = 0; i < n; ++i) {
      lines += buffer[static_cast<std::size_t>(i)] == '\n' ? 1 : 0;
    }
    return n > 0;
  };
  while (lines < 1000 && read_some()) {
  }
  const auto dropped = log->dropped();
  std::thread reader([&] {
    while (read_some()) {
    }
  });
  log.reset();
  reader.join();
  ::close(out);
  EXPECT_EQ(lines + dropped, logged);
}

}  // namespace
}  // namespace sevenstops::base
