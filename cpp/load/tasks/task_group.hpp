#pragma once

#include <coroutine>
#include <cstddef>
#include <exception>
#include <utility>

#include "load/tasks/task.hpp"

namespace sevenstops::load {

/// Tasks that run beside each other. The group knows its children: they can be waited for, the
/// first exception of one is kept for whoever waits, and what has not ended when the group goes is
/// destroyed where it stands. For one thread.
///
///     TaskGroup group;
///     group.spawn(serve(connection));
///     co_await group.join();
class TaskGroup {
 public:
  TaskGroup() = default;
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;
  ~TaskGroup() { clear(); }

  /// Starts the task; comes back when it waits for the first time, or has ended.
  void spawn(Task<> task) { follow(*this, std::move(task)).handle.resume(); }

  /// Children that have not ended.
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  /// Whether a child has ended with an exception that nobody has been given yet.
  [[nodiscard]] bool failed() const { return failure_ != nullptr; }
  /// Throws the first exception that a child ended with, if there was one.
  void rethrow() {
    if (failed()) {
      std::rethrow_exception(std::exchange(failure_, nullptr));
    }
  }
  /// Destroys the children that have not ended. Nobody may hold their handles any more.
  void clear() {
    while (first_ != nullptr) {
      std::coroutine_handle<Promise>::from_promise(*first_).destroy();
    }
  }

  struct Join {
    TaskGroup& group;
    [[nodiscard]] bool await_ready() const { return group.empty(); }
    void await_suspend(std::coroutine_handle<> waiter) const { group.joiner_ = waiter; }
    void await_resume() const { group.rethrow(); }
  };
  /// Waits until all children have ended, then throws what `rethrow` does. One may wait at a time.
  [[nodiscard]] Join join() { return {*this}; }

 private:
  struct Promise;
  struct Child {
    using promise_type = Promise;
    std::coroutine_handle<Promise> handle;
  };
  // Children stand in a list, so that one leaves it without a search.
  struct Promise {
    Promise(TaskGroup& owner, const Task<>&) : group(owner), next(owner.first_) {
      if (next != nullptr) {
        next->previous = this;
      }
      group.first_ = this;
      ++group.size_;
    }
    Promise(const Promise&) = delete;
    Promise& operator=(const Promise&) = delete;
    ~Promise() {
      (previous == nullptr ? group.first_ : previous->next) = next;
      if (next != nullptr) {
        next->previous = previous;
      }
      --group.size_;
    }

    struct Final {
      [[nodiscard]] bool await_ready() const noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> done) const noexcept {
        auto& owner = done.promise().group;
        done.destroy();
        // Nothing of this frame may be touched from here on.
        return owner.empty() ? std::exchange(owner.joiner_, std::noop_coroutine())
                             : std::noop_coroutine();
      }
      void await_resume() const noexcept {}
    };
    [[nodiscard]] Child get_return_object() {
      return {std::coroutine_handle<Promise>::from_promise(*this)};
    }
    [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
    [[nodiscard]] Final final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() noexcept {
      if (!group.failed()) {
        group.failure_ = std::current_exception();
      }
    }

    TaskGroup& group;
    Promise* previous = nullptr;
    Promise* next;
  };

  static Child follow(TaskGroup&, Task<> task) { co_await std::move(task); }

  Promise* first_ = nullptr;
  std::size_t size_ = 0;
  std::exception_ptr failure_;
  std::coroutine_handle<> joiner_ = std::noop_coroutine();
};

}  // namespace sevenstops::load
