#include "load/tasks/task_group.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <vector>

namespace sevenstops::load {
namespace {

// Something to wait for.
struct Gate {
  std::coroutine_handle<> waiter;
  [[nodiscard]] bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> handle) { waiter = handle; }
  void await_resume() const {}
  void open() { std::exchange(waiter, nullptr).resume(); }
};

Task<> pass(Gate& gate) { co_await gate; }
Task<> fail_behind(Gate& gate, const char* why) {
  co_await gate;
  throw std::runtime_error(why);
}
Task<> nothing() { co_return; }

TEST(TaskGroup, KnowsItsChildren) {
  TaskGroup group;
  Gate first;
  Gate second;
  group.spawn(pass(first));
  group.spawn(pass(second));
  group.spawn(nothing());
  EXPECT_EQ(group.size(), 2U);
  first.open();
  EXPECT_EQ(group.size(), 1U);
  second.open();
  EXPECT_TRUE(group.empty());
}

// Waits for the group and notes how that ended.
Task<> wait_for(TaskGroup& group, std::vector<std::string>& log) {
  try {
    co_await group.join();
    log.emplace_back("joined");
  } catch (const std::runtime_error& error) {
    log.emplace_back(error.what());
  }
}

TEST(TaskGroup, JoiningWaitsForTheLast) {
  TaskGroup group;
  TaskGroup outer;
  std::vector<std::string> log;
  Gate first;
  Gate second;
  group.spawn(pass(first));
  group.spawn(pass(second));
  outer.spawn(wait_for(group, log));
  second.open();
  EXPECT_TRUE(log.empty());
  first.open();
  EXPECT_EQ(log, (std::vector<std::string>{"joined"}));
  outer.spawn(wait_for(group, log));
  EXPECT_EQ(log.size(), 2U);
  EXPECT_TRUE(outer.empty());
}

TEST(TaskGroup, TheFirstExceptionReachesWhoWaits) {
  TaskGroup group;
  TaskGroup outer;
  std::vector<std::string> log;
  Gate first;
  Gate second;
  group.spawn(fail_behind(first, "first"));
  group.spawn(fail_behind(second, "second"));
  outer.spawn(wait_for(group, log));
  first.open();
  EXPECT_TRUE(group.failed());
  EXPECT_TRUE(log.empty());
  second.open();
  EXPECT_EQ(log, (std::vector<std::string>{"first"}));
  EXPECT_FALSE(group.failed());
}

TEST(TaskGroup, AnExceptionWithoutAWaitIsKept) {
  TaskGroup group;
  group.spawn([]() -> Task<> {
    throw std::runtime_error("at once");
    co_return;
  }());
  EXPECT_TRUE(group.empty());
  EXPECT_THROW(group.rethrow(), std::runtime_error);
  EXPECT_NO_THROW(group.rethrow());
}

TEST(TaskGroup, WhatHasNotEndedGoesWithTheGroup) {
  const auto held = std::make_shared<int>(0);
  Gate gate;
  {
    TaskGroup group;
    for (int i = 0; i < 3; ++i) {
      group.spawn([](Gate& g, std::shared_ptr<int>) -> Task<> { co_await g; }(gate, held));
    }
    EXPECT_EQ(held.use_count(), 4);
    group.clear();
    EXPECT_TRUE(group.empty());
    EXPECT_EQ(held.use_count(), 1);
    group.spawn([](Gate& g, std::shared_ptr<int>) -> Task<> { co_await g; }(gate, held));
  }
  EXPECT_EQ(held.use_count(), 1);
}

TEST(TaskGroup, AChildMaySpawnAnother) {
  TaskGroup group;
  Gate gate;
  group.spawn([](TaskGroup& g, Gate& inner) -> Task<> {
    g.spawn(pass(inner));
    co_return;
  }(group, gate));
  EXPECT_EQ(group.size(), 1U);
  gate.open();
  EXPECT_TRUE(group.empty());
}

}  // namespace
}  // namespace sevenstops::load
