#include "base/task_group.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/system/system_error.hpp>
#include <cstdio>

namespace sevenstops::base {
namespace {

bool is_cancellation(const std::exception_ptr& trouble) {
  try {
    std::rethrow_exception(trouble);
  } catch (const std::exception& error) {
    return base::is_cancellation(error);
  } catch (...) {
    return false;
  }
}

// Asio's own end of a coroutine may wait once more, and must not be thrown out of that.
asio::awaitable<void> to_its_end(asio::awaitable<void> child) {
  std::exception_ptr trouble;
  try {
    co_await std::move(child);
  } catch (...) {
    trouble = std::current_exception();
  }
  co_await asio::this_coro::throw_if_cancelled(false);
  if (trouble) {
    std::rethrow_exception(trouble);
  }
}

}  // namespace

bool is_cancellation(const std::exception& error) {
  const auto* system = dynamic_cast<const boost::system::system_error*>(&error);
  return system != nullptr && system->code() == asio::error::operation_aborted;
}

TaskGroup::~TaskGroup() {
  if (!children_.empty()) {
    std::fputs("sevenstops: a task group ended before its children\n", stderr);
    std::terminate();
  }
}

TaskGroup::Child TaskGroup::spawn(asio::awaitable<void> child) {
  const auto name = next_++;
  auto& signal = children_[name].signal;
  asio::co_spawn(
      executor_, to_its_end(std::move(child)),
      asio::bind_cancellation_slot(signal.slot(), [this, name](const std::exception_ptr& trouble) {
        ended(name, trouble);
      }));
  if (cancelled_) {
    cancel(name);
  }
  return name;
}

void TaskGroup::cancel() {
  cancelled_ = true;
  for (auto& [name, state] : children_) {
    cancel(state);
  }
}

void TaskGroup::cancel(State& state) {
  state.cancelled = true;
  state.signal.emit(asio::cancellation_type::terminal);
}

void TaskGroup::cancel(Child child) {
  if (const auto found = children_.find(child); found != children_.end()) {
    cancel(found->second);
  }
}

void TaskGroup::ended(Child child, const std::exception_ptr& trouble) {
  const bool cancelled = children_.at(child).cancelled;
  children_.erase(child);
  if (trouble && !trouble_ && !(cancelled && is_cancellation(trouble))) {
    trouble_ = trouble;
    cancel();
  }
  if (children_.empty()) {
    child_ended_.notify();
  }
}

asio::awaitable<void> TaskGroup::join() {
  const bool throws = co_await asio::this_coro::throw_if_cancelled();
  co_await asio::this_coro::throw_if_cancelled(false);
  const auto state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() != asio::cancellation_type::none) {
    cancel();
  }
  while (!children_.empty()) {
    const auto [error] = co_await child_ended_.async_wait(as_tuple);
    if (error) {
      cancel();
    }
  }
  co_await asio::this_coro::throw_if_cancelled(throws);
}

asio::awaitable<void> sleep_until(Clock::time_point when) {
  asio::steady_timer timer(co_await asio::this_coro::executor, when);
  co_await timer.async_wait(asio::use_awaitable);
}

asio::awaitable<bool> slept_until(Clock::time_point when) {
  asio::steady_timer timer(co_await asio::this_coro::executor, when);
  const auto [error] = co_await timer.async_wait(as_tuple);
  co_return !error;
}

}  // namespace sevenstops::base
