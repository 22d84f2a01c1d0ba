#include "probes/relay.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <thread>

#include "base/time.hpp"

namespace sevenstops::probes {
namespace {

using base::Clock;

// Datagram sockets keep each write a packet, as TUN devices do.
struct Ends {
  Ends() {
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, near.data()), 0);
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, far.data()), 0);
  }
  Ends(const Ends&) = delete;
  Ends& operator=(const Ends&) = delete;
  ~Ends() {
    for (const int fd : {near[0], near[1], far[0], far[1]}) {
      ::close(fd);
    }
  }

  // The relay's are the second ones.
  std::array<int, 2> near{};
  std::array<int, 2> far{};
};

void send(int fd, const std::string& packet) {
  ASSERT_EQ(::send(fd, packet.data(), packet.size(), 0), static_cast<ssize_t>(packet.size()));
}

// The next packet; empty when there is none within `patience` milliseconds.
std::string next(int fd, int patience = 5000) {
  pollfd watched{.fd = fd, .events = POLLIN, .revents = 0};
  std::array<char, 4096> buffer{};
  if (::poll(&watched, 1, patience) <= 0) {
    return {};
  }
  const auto n = ::recv(fd, buffer.data(), buffer.size(), 0);
  return {buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(n, 0))};
}

TEST(Relay, PacketsArriveInTheirOrderAfterTheirDelay) {
  const Ends ends;
  const Relay relay(ends.near[1], ends.far[1], {.delay = 0.05}, {});
  const auto begin = Clock::now();
  for (int i = 0; i < 5; ++i) {
    send(ends.near[0], std::to_string(i));
  }
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(next(ends.far[0]), std::to_string(i));
  }
  EXPECT_GE(Clock::now() - begin, base::seconds(0.05));
  send(ends.far[0], "back");
  EXPECT_EQ(next(ends.near[0]), "back");
}

TEST(Relay, ARateSpreadsWhatComesAtOnce) {
  const Ends ends;
  const Relay relay(ends.near[1], ends.far[1], {.rate = 20000}, {});
  const auto begin = Clock::now();
  for (int i = 0; i < 4; ++i) {
    send(ends.near[0], std::string(1000, 'x'));
  }
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(next(ends.far[0]).size(), 1000);
    EXPECT_GE(Clock::now() - begin, base::seconds(0.05 * (i + 1)));
  }
}

TEST(Relay, TheSameSeedLosesTheSamePackets) {
  const auto arrived = [](std::uint64_t seed) {
    const Ends ends;
    const Relay relay(ends.near[1], ends.far[1], {.loss = 0.3, .seed = seed}, {});
    std::set<std::string> found;
    constexpr int count = 200;
    for (int i = 0; i < count; ++i) {
      send(ends.near[0], std::to_string(i));
      // Each is taken before the next is sent: the socket has room for ten.
      while (relay.there().carried + relay.there().lost <= i) {
        std::this_thread::yield();
      }
      if (auto packet = next(ends.far[0], 0); !packet.empty()) {
        found.insert(packet);
      }
    }
    EXPECT_EQ(static_cast<std::int64_t>(found.size()), relay.there().carried);
    EXPECT_EQ(relay.there().lost, count - relay.there().carried);
    EXPECT_NEAR(static_cast<double>(relay.there().lost), 0.3 * count, 35);
    return found;
  };
  EXPECT_EQ(arrived(1), arrived(1));
  EXPECT_NE(arrived(1), arrived(2));
}

TEST(Relay, OneMoreThanTheQueueHoldsIsLost) {
  const Ends ends;
  const Relay relay(ends.near[1], ends.far[1], {.delay = 0.2, .queue = 3}, {});
  for (int i = 0; i < 5; ++i) {
    send(ends.near[0], std::to_string(i));
  }
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(next(ends.far[0]), std::to_string(i));
  }
  EXPECT_EQ(relay.there().lost, 2);
  EXPECT_TRUE(next(ends.far[0], 50).empty());
}

TEST(Relay, OneLargePacketIsLostOnItsWayBackWhereThatIsAsked) {
  const Ends ends;
  Relay relay(ends.near[1], ends.far[1], {}, {});
  relay.lose_one(10, 1);
  send(ends.near[0], std::string(1000, 'a'));
  EXPECT_EQ(next(ends.far[0]), std::string(1000, 'a'));
  for (const std::string packet : {"small", "first of all large ones", "second of all large ones",
                                   "third of all large ones"}) {
    send(ends.far[0], packet);
  }
  EXPECT_EQ(next(ends.near[0]), "small");
  EXPECT_EQ(next(ends.near[0]), "first of all large ones");
  EXPECT_EQ(next(ends.near[0]), "third of all large ones");
  EXPECT_EQ(relay.back().lost, 1);
  EXPECT_EQ(relay.there().lost, 0);
}

TEST(Relay, APathThatMakesNoSenseIsRefused) {
  const Ends ends;
  for (const LinkPath& path :
       {LinkPath{.delay = -1}, LinkPath{.loss = 1.5}, LinkPath{.rate = -1}, LinkPath{.queue = 0}}) {
    EXPECT_THROW(Relay(ends.near[1], ends.far[1], path, {}), std::invalid_argument);
    EXPECT_THROW(Relay(ends.near[1], ends.far[1], {}, path), std::invalid_argument);
  }
}

TEST(Relay, WhatHasStoppedReadsNothingMore) {
  const Ends ends;
  Relay relay(ends.near[1], ends.far[1], {}, {});
  relay.stop();
  relay.stop();
  send(ends.near[0], "later");
  EXPECT_TRUE(next(ends.far[0], 50).empty());
  EXPECT_EQ(relay.there().carried, 0);
}

TEST(Relay, ItEndsWithPacketsUnderWay) {
  const Ends ends;
  const auto begin = Clock::now();
  {
    const Relay relay(ends.near[1], ends.far[1], {.delay = 9}, {});
    send(ends.near[0], "never");
  }
  EXPECT_LT(Clock::now() - begin, base::seconds(5));
}

}  // namespace
}  // namespace sevenstops::probes
