#include "load/dispatch/recorder.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace sevenstops::load {
namespace {

using namespace std::chrono_literals;

class Recording : public testing::Test {
 protected:
  static Plan warmed_up() {
    Plan plan;
    plan.arrivals = {{.duration = 10, .rate = 1}};
    plan.warm_up = 1;
    plan.requests = {{.name = "a"}, {.name = "b"}};
    plan.crowds = {{.kind = "raw", .pieces = {{"x", 0}}}};
    return plan;
  }
  [[nodiscard]] Job begin(Clock::duration at, std::size_t request = 0) {
    Job job{.intended = start + at, .request = request};
    recorder.begin(job);
    return job;
  }
  [[nodiscard]] LoadResult result() const {
    LoadResult sum;
    recorder.add_to(sum, plan);
    return sum;
  }

  const Plan plan = warmed_up();
  const Clock::time_point start{1h};
  const Schedule schedule{plan, start};
  Recorder recorder{plan, schedule};
};

TEST_F(Recording, EachJobHasOneEnd) {
  auto first = begin(2s);
  const auto second = begin(3s, 1);
  EXPECT_EQ(recorder.outstanding(), 2U);
  recorder.sent(first, start + 2500ms);
  recorder.answered(first, start + 2500ms, start + 4s, 503, false);
  recorder.failed(second, Ending::no_socket, start + 5s);
  EXPECT_EQ(recorder.outstanding(), 0U);
  const auto found = result();
  EXPECT_EQ(found.requests, 2U);
  const auto& a = found.by_name.at("a");
  EXPECT_EQ(a.latency.highest_seen(), 2'000'000U);
  EXPECT_EQ(a.response.highest_seen(), 1'500'000U);
  EXPECT_EQ(a.statuses().at(503), 1U);
  EXPECT_EQ(a.unexpected, 1U);
  EXPECT_EQ(a.successful().total(), 0U);
  EXPECT_EQ(found.by_name.at("b").outcomes().at("no_socket"), 1U);
  EXPECT_EQ(found.blocked.no_socket, 1U);
  std::vector<IntervalSum> sums;
  recorder.series().add_to(sums);
  EXPECT_EQ(sums[25].sent, 1U);
  EXPECT_EQ(sums[40].errors, 1U);
  EXPECT_EQ(sums[50].failed, 1U);
}

TEST_F(Recording, WhatWasBegunIsCountedAsSentOnce) {
  auto asked_twice = begin(2s);
  recorder.sent(asked_twice, start + 2s);
  recorder.sent(asked_twice, start + 3s);
  recorder.carried(asked_twice, 100, 20);
  recorder.carried(asked_twice, 10, 2);
  recorder.answered(asked_twice, start + 3s, start + 4s, 200, true);
  auto refused = begin(3s);
  recorder.not_connected(refused, Ending::connect_error, start + 3s, start + 4s);
  auto without_socket = begin(4s);
  recorder.not_connected(without_socket, Ending::no_socket, start + 4s, start + 4s);
  recorder.failed(begin(5s, 1), Ending::lost, start + 9s);
  const auto found = result();
  EXPECT_EQ(found.requests, 4U);
  const auto& a = found.by_name.at("a");
  EXPECT_EQ(a.due, 3U);
  EXPECT_EQ(a.sent, 2U);
  EXPECT_EQ(a.answered(), 1U);
  EXPECT_EQ(a.bytes_sent, 110U);
  EXPECT_EQ(a.bytes_received, 22U);
  EXPECT_EQ(found.by_name.at("b").due, 1U);
  EXPECT_EQ(found.by_name.at("b").sent, 0U);
  std::vector<IntervalSum> sums;
  recorder.series().add_to(sums);
  EXPECT_EQ(sums[20].sent, 1U);
  EXPECT_EQ(sums[30].sent, 1U);
}

TEST_F(Recording, TheWarmUpLeavesNoTrace) {
  auto job = begin(999ms);
  EXPECT_FALSE(job.recorded);
  recorder.late(job, start + 1s);
  recorder.blocked(job);
  recorder.unblocked(job, start + 1s);
  recorder.connected(job, 1ms);
  recorder.sent(job, start + 5s);
  recorder.carried(job, 100, 100);
  recorder.phases(job, 1ms, 1ms, 1ms);
  recorder.answered(job, start + 1s, start + 2s, 200, true);
  auto second = begin(0s);
  recorder.not_connected(second, Ending::connect_error, start + 1s, start + 2s);
  const auto found = result();
  EXPECT_EQ(found.warm_up_requests, 2U);
  EXPECT_EQ(found.requests, 0U);
  const auto& a = found.by_name.at("a");
  EXPECT_EQ(a.latency.total(), 0U);
  EXPECT_EQ(a.due + a.sent + a.answered() + a.bytes_sent + a.bytes_received, 0U);
  EXPECT_TRUE(found.by_name.at("a").outcomes().empty());
  EXPECT_EQ(found.client.lateness.total() + found.blocked.seconds.total(), 0U);
  EXPECT_EQ(found.phases.connect.total() + found.phases.send.total(), 0U);
  EXPECT_EQ(found.blocked.no_connection, 0U);
  EXPECT_EQ(found.sending, 0);
  std::vector<IntervalSum> sums;
  recorder.series().add_to(sums);
  EXPECT_TRUE(sums.empty());
}

TEST_F(Recording, PartsOfSeveralThreadsAreAdded) {
  Recorder other(plan, schedule);
  recorder.answered(begin(2s), start + 2s, start + 3s, 200, true);
  Job job{.intended = start + 2s};
  other.begin(job);
  other.sent(job, start + 8s);
  other.answered(job, start + 8s, start + 9s, 404, true);
  ++other.crowd(0).started;
  other.end(start + 9s, nullptr);
  recorder.end(start + 11s, nullptr);
  auto found = result();
  other.add_to(found, plan);
  EXPECT_EQ(found.requests, 2U);
  EXPECT_EQ(found.by_name.at("a").outcomes(),
            (std::map<std::string, std::uint64_t>{{"2xx", 1}, {"4xx", 1}}));
  EXPECT_EQ(found.crowds.at(0).started, 1U);
  EXPECT_EQ(found.sending, 8);
  EXPECT_EQ(found.duration, 11);
}

TEST_F(Recording, WhatAThreadEndedWithIsThrown) {
  recorder.end(start, std::make_exception_ptr(std::runtime_error("no engine")));
  EXPECT_THROW((void)result(), std::runtime_error);
}

}  // namespace
}  // namespace sevenstops::load
