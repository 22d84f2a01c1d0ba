#include "service/io_thread.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <filesystem>
#include <mutex>
#include <thread>

#include "../support/sockets.hpp"
#include "service/service.hpp"

namespace sevenstops::service {
namespace {

using base::Clock;
using namespace std::chrono_literals;

// Breaks every socket of this process that listens on `port`, behind its owner's back.
int break_listeners(std::uint16_t port) {
  int broken = 0;
  std::vector<int> descriptors;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    descriptors.push_back(std::stoi(entry.path().filename().string()));
  }
  for (const int fd : descriptors) {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    int listens = 0;
    socklen_t int_size = sizeof listens;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0 &&
        address.sin_family == AF_INET && ntohs(address.sin_port) == port &&
        ::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &int_size) == 0 && listens != 0) {
      broken += ::shutdown(fd, SHUT_RDWR) == 0 ? 1 : 0;
    }
  }
  return broken;
}

// What a service says when it can't go on.
class Sentences {
 public:
  void add(const std::string& sentence) {
    const std::scoped_lock lock(mutex_);
    all_.push_back(sentence);
  }
  [[nodiscard]] std::vector<std::string> wait_for(std::size_t n) {
    const auto end = Clock::now() + 20s;
    while (Clock::now() < end) {
      {
        const std::scoped_lock lock(mutex_);
        if (all_.size() >= n) {
          return all_;
        }
      }
      std::this_thread::sleep_for(1ms);
    }
    const std::scoped_lock lock(mutex_);
    return all_;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> all_;
};

TEST(IoThread, TheEndOfAcceptIsSaid) {
  for (const bool drain_queue : {true, false}) {
    auto settings = hardened();
    settings.accept.drain_queue = drain_queue;
    Sentences sentences;
    Service service(settings, {.threads = 1, .rows = 1, .on_failure = [&](const std::string& why) {
                                 sentences.add(why);
                               }});
    boost::asio::io_context io;
    auto held = test::connect(io, service.port());
    ASSERT_EQ(break_listeners(service.port()), 1);
    const auto said = sentences.wait_for(1);
    ASSERT_EQ(said.size(), 1U);
    EXPECT_TRUE(said[0].starts_with("an I/O thread can't go on: accept: ")) << said[0];
    EXPECT_EQ(said[0].find('\n'), std::string::npos);
    // The connections that it had are ended, not forgotten.
    EXPECT_EQ(test::receive_all(held), "");
    service.stop();
  }
}

TEST(IoThread, EachThreadsListenerCounts) {
  Sentences sentences;
  Service service(hardened(), {.threads = 3, .rows = 1, .on_failure = [&](const std::string& why) {
                                 sentences.add(why);
                               }});
  ASSERT_EQ(break_listeners(service.port()), 3);
  EXPECT_EQ(sentences.wait_for(3).size(), 3U);
}

TEST(IoThread, TheAdminListenersEndIsSaidToo) {
  Sentences sentences;
  Service service(hardened(), {.threads = 1, .rows = 1, .on_failure = [&](const std::string& why) {
                                 sentences.add(why);
                               }});
  ASSERT_EQ(break_listeners(service.admin_port()), 1);
  const auto said = sentences.wait_for(1);
  ASSERT_EQ(said.size(), 1U);
  EXPECT_TRUE(said[0].starts_with("the admin listener can't go on: accept: ")) << said[0];
}

TEST(IoThreadDeathTest, WhereNobodyIsToldTheProcessEnds) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  constexpr int software_error = 70;
  EXPECT_EXIT(
      {
        const Service service(hardened(), {.threads = 1, .rows = 1});
        (void)break_listeners(service.port());
        std::this_thread::sleep_for(60s);
      },
      ::testing::ExitedWithCode(software_error),
      "sevenstops-service: an I/O thread can't go on: accept: ");
}

}  // namespace
}  // namespace sevenstops::service
