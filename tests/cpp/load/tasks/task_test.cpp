#include "load/tasks/task.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "load/tasks/task_group.hpp"

namespace sevenstops::load {
namespace {

// Runs a task that never waits.
template <class Value>
Value run(Task<Value> task) {
  Value value{};
  TaskGroup group;
  group.spawn([](Task<Value> inner, Value& out) -> Task<> { out = co_await std::move(inner); }(
                                                    std::move(task), value));
  EXPECT_TRUE(group.empty());
  group.rethrow();
  return value;
}

Task<int> seven() { co_return 7; }

TEST(Task, GivesItsValue) {
  EXPECT_EQ(run(seven()), 7);
  EXPECT_EQ(run([]() -> Task<int> { co_return co_await seven() + co_await seven(); }()), 14);
  EXPECT_EQ(*run([]() -> Task<std::unique_ptr<int>> { co_return std::make_unique<int>(1); }()), 1);
}

TEST(Task, StartsWhenItIsAwaited) {
  bool started = false;
  {
    const auto unused = [](bool& flag) -> Task<> {
      flag = true;
      co_return;
    }(started);
  }
  EXPECT_FALSE(started);
}

Task<int> failing() {
  throw std::runtime_error("no seven");
  co_return 0;
}

TEST(Task, WhatItThrowsComesOutOfTheAwait) {
  const auto caught = run([]() -> Task<std::string> {
    try {
      co_await failing();
    } catch (const std::runtime_error& error) {
      co_return error.what();
    }
    co_return "";
  }());
  EXPECT_EQ(caught, "no seven");
  EXPECT_THROW(run(failing()), std::runtime_error);
}

TEST(Task, FreesItsFrame) {
  const auto counted = std::make_shared<int>(0);
  (void)run([](std::shared_ptr<int> held) -> Task<int> { co_return *held; }(counted));
  EXPECT_EQ(counted.use_count(), 1);
}

}  // namespace
}  // namespace sevenstops::load
