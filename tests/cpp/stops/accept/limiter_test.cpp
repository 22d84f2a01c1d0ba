#include "stops/accept/admission/limiter.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <queue>

#include "base/time.hpp"
#include "stops/accept/admission/gradient.hpp"
#include "stops/accept/admission/vegas.hpp"

namespace sevenstops::stops {
namespace {

using Time = Clock::time_point;
using Microseconds = std::chrono::microseconds;

Time at(double seconds) { return Time(base::seconds(seconds)); }

Observation took(double begun, double seconds, std::int64_t in_progress = 1000) {
  return {.begun = at(begun), .ended = at(begun + seconds), .in_progress = in_progress};
}

// Three workers, each for 1.5 ms at one request, the oldest first: 2,000 a second. Requests come
// evenly and get in as the limiter says.
class Queue {
 public:
  static constexpr int workers = 3;
  static constexpr double work = 0.0015;

  explicit Queue(Limiter& limiter) : limiter_(limiter) {}

  // How many were done in `seconds` in which so many come each second.
  int load(double rate, double seconds) {
    const auto end = now_ + base::seconds(seconds);
    const auto gap = base::seconds(1 / rate);
    int done = 0;
    for (; now_ < end; now_ += gap) {
      done += leave_until(now_);
      if (in_progress() < limiter_.limit()) {
        waiting_.push_back(now_);
        begin(now_);
      }
    }
    return done;
  }

 private:
  struct Busy {
    Time until;
    Time came;
    bool operator>(const Busy& other) const { return until > other.until; }
  };

  [[nodiscard]] std::int64_t in_progress() const {
    return static_cast<std::int64_t>(waiting_.size() + busy_.size());
  }
  void begin(Time now) {
    while (busy_.size() < workers && !waiting_.empty()) {
      busy_.push({now + base::seconds(work), waiting_.front()});
      waiting_.pop_front();
    }
  }
  int leave_until(Time now) {
    int done = 0;
    while (!busy_.empty() && busy_.top().until <= now) {
      const auto [until, came] = busy_.top();
      limiter_.observe({.begun = came, .ended = until, .in_progress = in_progress()});
      busy_.pop();
      begin(until);
      ++done;
    }
    return done;
  }

  Limiter& limiter_;
  Time now_ = at(1000);
  std::deque<Time> waiting_;
  std::priority_queue<Busy, std::vector<Busy>, std::greater<>> busy_;
};

TEST(FixedLimiter, StaysWhereItWasSet) {
  FixedLimiter limiter({.limit = 7});
  for (int i = 0; i < 100; ++i) {
    limiter.observe(took(i, 10));
  }
  EXPECT_EQ(limiter.limit(), 7);
}

TEST(AimdLimiter, RisesByOneForALimitsWorthOfQuickRequests) {
  AimdLimiter limiter({.limit = 10, .latency = 0.1});
  for (int i = 0; i < 10; ++i) {
    limiter.observe(took(i, 0.01));
  }
  EXPECT_EQ(limiter.limit(), 10);
  limiter.observe(took(11, 0.01));
  EXPECT_EQ(limiter.limit(), 11);
}

TEST(AimdLimiter, DoesNotRiseWhereNobodyComesNearIt) {
  AimdLimiter limiter({.limit = 10, .latency = 0.1});
  for (int i = 0; i < 100; ++i) {
    limiter.observe(took(i, 0.01, 4));
  }
  EXPECT_EQ(limiter.limit(), 10);
}

TEST(AimdLimiter, FallsOnceForAllThatWereUnderWay) {
  AimdLimiter limiter({.limit = 100, .latency = 0.1});
  for (int i = 0; i < 50; ++i) {
    limiter.observe(took(0.001 * i, 0.2));
  }
  EXPECT_EQ(limiter.limit(), 90);
  limiter.observe(took(1, 0.2));
  EXPECT_EQ(limiter.limit(), 81);
  auto failed = took(2, 0.01);
  failed.failed = true;
  limiter.observe(failed);
  EXPECT_EQ(limiter.limit(), 72);
}

TEST(AimdLimiter, KeepsToItsBounds) {
  AimdLimiter limiter({.limit = 10, .least = 4, .most = 12, .latency = 0.1});
  for (int i = 0; i < 1000; ++i) {
    limiter.observe(took(i, 0.01));
  }
  EXPECT_EQ(limiter.limit(), 12);
  for (int i = 0; i < 1000; ++i) {
    limiter.observe(took(10000 + i, 0.2));
  }
  EXPECT_EQ(limiter.limit(), 4);
}

TEST(GradientLimiter, MeasuresWithTheLowestLimit) {
  GradientLimiter limiter({.limit = 20, .least = 3});
  for (int i = 0; i < 49; ++i) {
    limiter.observe(took(i, 0.01));
    ASSERT_EQ(limiter.limit(), 3);
  }
  limiter.observe(took(50, 0.01));
  EXPECT_EQ(limiter.limit(), 20);
}

TEST(GradientLimiter, LosesAtMostHalfInAWindow) {
  GradientLimiter limiter({.limit = 400, .least = 3});
  for (int i = 0; i < 50; ++i) {
    limiter.observe(took(1, 0.001));
  }
  limiter.observe(took(1, 10));
  // Half, and the root of it.
  EXPECT_EQ(limiter.limit(), 214);
}

TEST(GradientLimiter, IsMeasuredAnewAfterAMinute) {
  GradientLimiter limiter({.limit = 20, .least = 3});
  for (int i = 0; i < 50; ++i) {
    limiter.observe(took(1, 0.001));
  }
  limiter.observe(took(50, 0.001));
  EXPECT_GT(limiter.limit(), 3);
  limiter.observe(took(62, 0.001));
  EXPECT_EQ(limiter.limit(), 3);
  // What had begun before waited with a higher limit.
  for (int i = 0; i < 100; ++i) {
    limiter.observe(took(61, 5));
  }
  EXPECT_EQ(limiter.limit(), 3);
}

TEST(VegasLimiter, TakesWhatIsAboveTheLeastLatencyForAQueue) {
  VegasLimiter limiter({.limit = 20});
  limiter.observe(took(1, 0.010));
  // 20 · (1 - 10 / 10.2) is 1 at most: room for six more.
  limiter.observe(took(2, 0.0102));
  EXPECT_EQ(limiter.limit(), 26);
  // 26 · (1 - 10 / 12) is 5: neither few nor many.
  limiter.observe(took(3, 0.012));
  EXPECT_EQ(limiter.limit(), 26);
  limiter.observe(took(4, 0.020));
  EXPECT_EQ(limiter.limit(), 25);
}

class FindsTheLimit : public ::testing::TestWithParam<AdmissionMethod> {
 protected:
  static std::unique_ptr<Limiter> make() {
    const AdmissionSettings settings{.latency = 0.005};
    switch (GetParam()) {
      case AdmissionMethod::aimd:
        return std::make_unique<AimdLimiter>(settings);
      case AdmissionMethod::vegas:
        return std::make_unique<VegasLimiter>(settings);
      default:
        return std::make_unique<GradientLimiter>(settings);
    }
  }
};

TEST_P(FindsTheLimit, WorkersAreBusyAndFewWaitUnderFourTimesTheLoad) {
  const auto limiter = make();
  Queue queue(*limiter);
  queue.load(1000, 2);
  queue.load(8000, 0.5);
  const int done = queue.load(8000, 0.5);
  EXPECT_GE(done, 950);
  EXPECT_LE(limiter->limit(), 60);
}

TEST_P(FindsTheLimit, DoesNotRunAwayInQuietTimes) {
  const auto limiter = make();
  Queue queue(*limiter);
  queue.load(1000, 30);
  EXPECT_LE(limiter->limit(), 60);
  EXPECT_GE(queue.load(1000, 1), 990);
}

INSTANTIATE_TEST_SUITE_P(Methods, FindsTheLimit,
                         ::testing::Values(AdmissionMethod::aimd, AdmissionMethod::gradient,
                                           AdmissionMethod::vegas),
                         [](const auto& method) {
                           return std::string(
                               admission_words[static_cast<std::size_t>(method.param)]);
                         });

}  // namespace
}  // namespace sevenstops::stops
