#include "stops/middleware/rate_limiter.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace sevenstops::stops {
namespace {

using boost::asio::ip::address;
using boost::asio::ip::make_address;
using namespace std::chrono_literals;

const auto start = Clock::now();

int granted(RateLimiter& limiter, const address& client, int asked, Clock::time_point now) {
  int sum = 0;
  for (int i = 0; i < asked; ++i) {
    sum += limiter.take(client, now).granted ? 1 : 0;
  }
  return sum;
}

TEST(RateLimiter, GivesABurstAndThenTheRate) {
  RateLimiter limiter(10, 5, 100);
  const auto one = make_address("192.0.2.1");
  EXPECT_EQ(granted(limiter, one, 20, start), 5);
  EXPECT_EQ(granted(limiter, one, 20, start + 99ms), 0);
  EXPECT_EQ(granted(limiter, one, 20, start + 100ms), 1);
  EXPECT_EQ(granted(limiter, one, 20, start + 400ms), 3);
  // No more than a burst is saved up.
  EXPECT_EQ(granted(limiter, one, 20, start + 60s), 5);
  // A thread that has looked at the time before.
  EXPECT_EQ(granted(limiter, one, 20, start), 0);
}

TEST(RateLimiter, EachClientHasItsOwn) {
  RateLimiter limiter(1, 1, 100);
  EXPECT_EQ(granted(limiter, make_address("192.0.2.1"), 3, start), 1);
  EXPECT_EQ(granted(limiter, make_address("192.0.2.2"), 3, start), 1);
  // The same client on a socket of both kinds.
  EXPECT_EQ(granted(limiter, make_address("::ffff:192.0.2.1"), 3, start), 0);
  // All of a /64 is one client, the next is another.
  EXPECT_EQ(granted(limiter, make_address("2001:db8:1:2::1"), 3, start), 1);
  EXPECT_EQ(granted(limiter, make_address("2001:db8:1:2:ffff::9"), 3, start), 0);
  EXPECT_EQ(granted(limiter, make_address("2001:db8:1:3::1"), 3, start), 1);
  // A network whose number is that of an address.
  EXPECT_EQ(granted(limiter, make_address("0:0:c000:201::1"), 3, start), 1);
}

TEST(RateLimiter, TellsWhatIsLeftAndWhenThereIsMore) {
  RateLimiter limiter(0.5, 3, 100);
  const auto one = make_address("192.0.2.1");
  EXPECT_EQ(limiter.policy(), "\"client\";q=3;w=6");
  EXPECT_EQ(RateLimiter::standing(limiter.take(one, start)), "\"client\";r=2;t=2");
  // Half a second and more is a whole one.
  EXPECT_EQ(RateLimiter::standing(limiter.take(one, start + 500ms)), "\"client\";r=1;t=2");
  EXPECT_EQ(RateLimiter::standing(limiter.take(one, start + 1s)), "\"client\";r=0;t=1");
  const auto refused = limiter.take(one, start + 1s);
  EXPECT_FALSE(refused.granted);
  EXPECT_EQ(RateLimiter::standing(refused), "\"client\";r=0;t=1");
  EXPECT_EQ(refused.wait, 1s);
  EXPECT_EQ(RateLimiter(1000, 3, 1).policy(), "\"client\";q=3;w=1");
}

TEST(RateLimiter, ForgetsWhoWasSeenLeastRecently) {
  RateLimiter limiter(1, 1, 2);
  const auto one = make_address("192.0.2.1");
  const auto two = make_address("192.0.2.2");
  EXPECT_FALSE(limiter.take(one, start).forgot);
  EXPECT_FALSE(limiter.take(two, start).forgot);
  EXPECT_FALSE(limiter.take(one, start).granted);
  EXPECT_TRUE(limiter.take(make_address("192.0.2.3"), start).forgot);
  EXPECT_FALSE(limiter.take(one, start).granted);
  EXPECT_TRUE(limiter.take(two, start).granted);
}

TEST(RateLimiter, RemembersNoMoreThanItsBound) {
  constexpr unsigned clients = 2048;
  RateLimiter limiter(1, 1, clients);
  unsigned forgotten = 0;
  for (unsigned i = 0; i < 10 * clients; ++i) {
    forgotten += limiter.take(boost::asio::ip::address_v4(i), start).forgot ? 1 : 0;
  }
  // Parts fill unevenly, and none beyond its share.
  EXPECT_GE(forgotten, 9 * clients);
}

TEST(RateLimiter, ThreadsShareABucket) {
  RateLimiter limiter(1e-6, 1000, 4096);
  std::atomic<int> sum = 0;
  std::vector<std::jthread> threads;
  for (unsigned n = 0; n < 4; ++n) {
    threads.emplace_back([&] { sum += granted(limiter, make_address("192.0.2.1"), 1000, start); });
  }
  threads.clear();
  EXPECT_EQ(sum, 1000);
}

TEST(RateLimiter, ARateOfNextToNothingHasNumbersAll) {
  RateLimiter limiter(1e-300, 1, 1);
  const auto one = make_address("192.0.2.1");
  EXPECT_TRUE(limiter.take(one, start).granted);
  EXPECT_EQ(RateLimiter::standing(limiter.take(one, start)), "\"client\";r=0;t=1000000000");
  EXPECT_EQ(limiter.policy(), "\"client\";q=1;w=1000000000");
}

}  // namespace
}  // namespace sevenstops::stops
