#pragma once

#include <coroutine>
#include <exception>
#include <utility>

namespace sevenstops::load {

/// A coroutine that starts when it is awaited and goes straight back to whoever awaited it; no
/// scheduler stands between. What it throws comes out of the `co_await`.
template <class Value = void>
class [[nodiscard]] Task;

namespace task_detail {

struct PromiseBase {
  std::coroutine_handle<> caller = std::noop_coroutine();
  std::exception_ptr trouble;

  struct Final {
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> done) const noexcept {
      return done.promise().caller;
    }
    void await_resume() const noexcept {}
  };
  [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
  [[nodiscard]] Final final_suspend() const noexcept { return {}; }
  void unhandled_exception() { trouble = std::current_exception(); }
};

template <class Value>
struct Promise : PromiseBase {
  Value value{};
  Task<Value> get_return_object();
  void return_value(Value v) { value = std::move(v); }
  Value result() {
    if (trouble) {
      std::rethrow_exception(trouble);
    }
    return std::move(value);
  }
};

template <>
struct Promise<void> : PromiseBase {
  Task<void> get_return_object();
  void return_void() const noexcept {}
  void result() const {
    if (trouble) {
      std::rethrow_exception(trouble);
    }
  }
};

}  // namespace task_detail

template <class Value>
class [[nodiscard]] Task {
 public:
  using promise_type = task_detail::Promise<Value>;

  explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (handle_) {
      handle_.destroy();
    }
  }

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller) noexcept {
    handle_.promise().caller = caller;
    return handle_;
  }
  Value await_resume() { return handle_.promise().result(); }

 private:
  std::coroutine_handle<promise_type> handle_;
};

namespace task_detail {

template <class Value>
Task<Value> Promise<Value>::get_return_object() {
  return Task<Value>(std::coroutine_handle<Promise>::from_promise(*this));
}

inline Task<void> Promise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<Promise>::from_promise(*this));
}

}  // namespace task_detail

}  // namespace sevenstops::load
