#include "base/log.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <chrono>
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

std::vector<int> numbers_in(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::string line;
  std::vector<int> numbers;
  while (std::getline(in, line)) {
    numbers.push_back(boost::json::parse(line).at("n").to_number<int>());
  }
  return numbers;
}

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
    // As once a second: what asks for it is dropped too, and is no line.
    if (i % 4000 == 0) {
      log->flush();
    }
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
  std::thread reader([&] {
    while (read_some()) {
    }
  });
  EXPECT_TRUE(log->drain());
  const auto dropped = log->dropped();
  log.reset();
  reader.join();
  ::close(out);
  EXPECT_EQ(lines + dropped, logged);
}

// As logrotate does it.
TEST_F(LogTest, GoesOnInANewFileWhenItsOwnWasMovedAway) {
  const auto moved = folder / "access.log.1";
  Log log(file.string());
  log.access(",\"n\":1");
  ASSERT_TRUE(log.drain());
  std::filesystem::rename(file, moved);
  log.access(",\"n\":2");
  log.reopen();
  log.access(",\"n\":3");
  ASSERT_TRUE(log.drain());
  EXPECT_EQ(numbers_in(moved), (std::vector<int>{1, 2}));
  EXPECT_EQ(numbers_in(file), std::vector<int>{3});
}

TEST_F(LogTest, StaysWithItsFileWhereNoneCanBeOpened) {
  const auto moved = folder / "access.log.1";
  ::testing::internal::CaptureStderr();
  {
    Log log(file.string());
    std::filesystem::rename(file, moved);
    std::filesystem::create_directory(file);
    log.reopen();
    log.access(",\"n\":1");
  }
  const auto said = ::testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("the file before is written on: the access log "), std::string::npos) << said;
  EXPECT_EQ(numbers_in(moved), std::vector<int>{1});
}

// A limit on the file's size stands for a disk that is full, and has room again later.
TEST_F(LogTest, AFullDiskBreaksOneLineAndTheLostOnesAreCounted) {
  ::testing::internal::CaptureStderr();
  {
    const auto ignored = ::signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
    Log log(file.string());
    const auto write_ten = [&] {
      for (int i = 0; i < 10; ++i) {
        log.access(",\"n\":" + std::to_string(i));
      }
      return log.drain();
    };
    const rlimit full{.rlim_cur = 125, .rlim_max = before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &full), 0);
    const bool drained = write_ten() && write_ten();
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
    ::signal(SIGXFSZ, ignored);
    ASSERT_TRUE(drained);
    EXPECT_EQ(log.write_errors(), 2U);
    ASSERT_TRUE(write_ten());
    std::ifstream in(file);
    std::string line;
    std::uint64_t whole = 0;
    std::uint64_t broken = 0;
    while (std::getline(in, line)) {
      boost::system::error_code error;
      (void)boost::json::parse(line, error);
      ++(error ? broken : whole);
    }
    EXPECT_EQ(broken, 1U);
    EXPECT_GT(whole, 10U);
    EXPECT_EQ(whole + log.lines_lost(), 30U);
  }
  const auto said = ::testing::internal::GetCapturedStderr();
  constexpr std::string_view sentence = "the access log can't be written: File too large\n";
  EXPECT_EQ(said.find(sentence), said.rfind(sentence)) << said;
  EXPECT_NE(said.find(sentence), std::string::npos) << said;
}

TEST_F(LogTest, ALogThatNobodyReadsIsLeftAfterAWhile) {
  ASSERT_EQ(::mkfifo(file.c_str(), 0600), 0);
  const int both = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_GE(both, 0);
  const auto began = std::chrono::steady_clock::now();
  {
    Log log(file.string());
    for (int i = 0; i < 5000; ++i) {
      log.access(",\"n\":" + std::to_string(i));
    }
    EXPECT_FALSE(log.drain());
  }
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(30));
  // Its thread goes on by that, in pieces that fail.
  ::signal(SIGPIPE, SIG_IGN);
  ::close(both);
}

TEST_F(LogTest, CountsTheSentencesThatNobodyReads) {
  constexpr std::uint64_t said = 5000;
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
  const int before = ::dup(STDERR_FILENO);
  ::dup2(pipe[1], STDERR_FILENO);
  ::close(pipe[1]);
  auto log = std::make_unique<Log>();
  for (std::uint64_t i = 0; i < said; ++i) {
    log->error(std::string(200, 'x'));
  }
  std::string read;
  const auto read_some = [&] {
    std::array<char, 65536> buffer{};
    const auto n = ::read(pipe[0], buffer.data(), buffer.size());
    read.append(buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(0, n)));
    return n > 0;
  };
  const auto dropped = log->errors_dropped();
  // Its queue is full when the log begins to end.
  std::thread reader([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    while (read_some()) {
    }
  });
  log.reset();
  ::dup2(before, STDERR_FILENO);
  ::close(before);
  reader.join();
  ::close(pipe[0]);
  // Others in this process have a log as well.
  std::uint64_t lines = 0;
  for (auto i = read.find("x\n"); i != std::string::npos; i = read.find("x\n", i + 1)) {
    ++lines;
  }
  EXPECT_GT(dropped, 1000U);
  EXPECT_EQ(lines + dropped, said);
}

}  // namespace
}  // namespace sevenstops::base
