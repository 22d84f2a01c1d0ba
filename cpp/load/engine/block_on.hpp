#pragma once

#include <optional>
#include <utility>

#include "load/engine/engine.hpp"
#include "load/tasks/task_group.hpp"

namespace sevenstops::load {

/// Runs the engine until the task has ended, and gives its value or throws its exception. For a
/// thread that has nothing else to do.
template <class Value>
[[nodiscard]] Value block_on(Engine& engine, Task<Value> task) {
  std::optional<Value> value;
  TaskGroup group;
  group.spawn([](Task<Value> inner, std::optional<Value>& out) -> Task<> {
    out = co_await std::move(inner);
  }(std::move(task), value));
  while (!group.empty()) {
    constexpr std::chrono::seconds a_while{1};
    engine.run_once(engine.clock().now() + a_while);
  }
  group.rethrow();
  return std::move(*value);
}

}  // namespace sevenstops::load
