#include "load/dispatch/job_queue.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace sevenstops::load {
namespace {

class Someone final : public Waiter {
 public:
  void assign(const Job& job) override { jobs.push_back(job.request); }
  void dismiss() override { ++dismissals; }
  std::vector<std::size_t> jobs;
  int dismissals = 0;
};

Job job(std::size_t request) { return {.intended = {}, .request = request}; }

TEST(JobQueue, GivesJobsInTheirOrder) {
  JobQueue queue;
  EXPECT_FALSE(queue.try_pop());
  EXPECT_FALSE(queue.push(job(1)));
  EXPECT_FALSE(queue.push(job(2)));
  EXPECT_EQ(queue.try_pop()->request, 1U);
  EXPECT_EQ(queue.try_pop()->request, 2U);
  EXPECT_TRUE(queue.empty());
}

TEST(JobQueue, WhoHasWaitedLongestIsNext) {
  JobQueue queue;
  Someone first;
  Someone second;
  queue.wait(first);
  queue.wait(second);
  EXPECT_TRUE(queue.push(job(1)));
  EXPECT_TRUE(queue.push(job(2)));
  EXPECT_FALSE(queue.push(job(3)));
  EXPECT_EQ(first.jobs, (std::vector<std::size_t>{1}));
  EXPECT_EQ(second.jobs, (std::vector<std::size_t>{2}));
}

TEST(JobQueue, WhatIsGivenBackGoesFirst) {
  JobQueue queue;
  queue.push(job(2));
  queue.requeue(job(1));
  Someone someone;
  queue.wait(someone);
  queue.deliver();
  EXPECT_EQ(someone.jobs, (std::vector<std::size_t>{1}));
  EXPECT_EQ(queue.try_pop()->request, 2U);
}

TEST(JobQueue, AClosedQueueDismissesOnceItIsEmpty) {
  JobQueue queue;
  queue.push(job(1));
  queue.close();
  Someone first;
  Someone second;
  queue.wait(first);
  queue.wait(second);
  queue.deliver();
  EXPECT_EQ(first.jobs.size(), 1U);
  EXPECT_EQ(first.dismissals, 0);
  EXPECT_EQ(second.dismissals, 1);
}

TEST(JobQueue, WhoLeavesOrIsGoneGetsNothing) {
  JobQueue queue;
  Someone leaving;
  {
    Someone gone;
    queue.wait(gone);
    queue.wait(leaving);
  }
  leaving.leave();
  leaving.leave();
  EXPECT_FALSE(queue.push(job(1)));
  EXPECT_TRUE(leaving.jobs.empty());
}

TEST(JobQueue, AWaiterMayOutliveIt) {
  Someone someone;
  {
    JobQueue queue;
    queue.wait(someone);
  }
  someone.leave();
  EXPECT_EQ(someone.dismissals, 0);
}

// Takes a new place each time it is dismissed.
class Insistent final : public Waiter {
 public:
  explicit Insistent(JobQueue& queue) : queue_(queue) {}
  void assign(const Job&) override {}
  void dismiss() override {
    ++dismissals;
    queue_.wait(*this);
  }
  int dismissals = 0;

 private:
  JobQueue& queue_;
};

TEST(JobQueue, DismissingEndsThoughSomebodyComesBack) {
  JobQueue queue;
  Insistent someone(queue);
  queue.wait(someone);
  queue.dismiss_all();
  EXPECT_EQ(someone.dismissals, 1);
}

}  // namespace
}  // namespace sevenstops::load
