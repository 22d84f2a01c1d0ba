#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <cstdint>
#include <exception>
#include <map>
#include <optional>

#include "base/asio.hpp"
#include "base/event.hpp"
#include "base/time.hpp"

namespace sevenstops::base {

/// Whether an exception says that something was cancelled.
[[nodiscard]] bool is_cancellation(const std::exception& error);

/// Coroutines that run side by side and that somebody waits for (structured concurrency; Smith,
/// *Notes on structured concurrency*, 2018).
///
/// A group is only there within `with_task_group`, which ends when every child has ended, whatever
/// happens. A child's exception cancels the others and comes out there. When whoever waits is
/// cancelled, so are the children. All of it belongs to one thread.
class TaskGroup {
 public:
  using Child = std::uint64_t;

  explicit TaskGroup(asio::any_io_executor executor) : executor_(std::move(executor)) {}
  /// Nobody may be left behind; ends the program otherwise.
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  /// Starts a child. In a group that is cancelled it ends at its first wait.
  Child spawn(asio::awaitable<void> child);

  /// Asks all children, or one, to end: what they wait for ends with operation_aborted.
  void cancel();
  void cancel(Child child);

  [[nodiscard]] std::size_t running() const { return children_.size(); }

  /// Waits for all children, even where whoever waits is cancelled meanwhile. Throws nothing.
  [[nodiscard]] asio::awaitable<void> join();

  /// Throws the first exception of a child, where there was one.
  void rethrow() const {
    if (trouble_) {
      std::rethrow_exception(trouble_);
    }
  }

 private:
  void ended(Child child, const std::exception_ptr& trouble);

  struct State {
    asio::cancellation_signal signal;
    bool cancelled = false;
  };
  void cancel(State& state);

  asio::any_io_executor executor_;
  std::map<Child, State> children_;
  Child next_ = 0;
  bool cancelled_ = false;
  std::exception_ptr trouble_;
  Event child_ended_;
};

/// Sleeps until then: true; false, at once, when it is cancelled. Throws nothing for that, since
/// what is cancelled as a matter of course should not cost an exception.
[[nodiscard]] asio::awaitable<bool> slept_until(Clock::time_point when);

/// Runs `body(group)` and waits for every child of the group. The body's exception, or else the
/// first of a child, comes out; either cancels the rest. Throws operation_aborted where the caller
/// was cancelled. The body may end before its children do, so
/// nothing of its own may be referred to by them.
template <class Body>
[[nodiscard]] asio::awaitable<void> with_task_group(Body body) {
  TaskGroup group(co_await asio::this_coro::executor);
  std::exception_ptr trouble;
  try {
    co_await body(group);
  } catch (...) {
    trouble = std::current_exception();
    group.cancel();
  }
  // A caller that is cancelled waits for its children all the same.
  const bool throws = co_await asio::this_coro::throw_if_cancelled();
  co_await asio::this_coro::throw_if_cancelled(false);
  co_await group.join();
  co_await asio::this_coro::throw_if_cancelled(throws);
  if (trouble) {
    std::rethrow_exception(trouble);
  }
  group.rethrow();
  const auto state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() != asio::cancellation_type::none) {
    throw boost::system::system_error(asio::error::operation_aborted);
  }
}

/// Does `work` unless `interruption` gives true first: then the work is cancelled and there is no
/// value. Either's exception comes out. Both have ended when this does. Work that never waits is
/// not interrupted.
template <class Value>
[[nodiscard]] asio::awaitable<std::optional<Value>> unless(asio::awaitable<bool> interruption,
                                                           asio::awaitable<Value> work) {
  std::optional<Value> value;
  bool interrupted = false;
  // These closures live as long as the children that run in them.
  const auto worker = [&value](TaskGroup& group,
                               asio::awaitable<Value> w) -> asio::awaitable<void> {
    value.emplace(co_await std::move(w));
    group.cancel();
  };
  const auto interrupter = [&](TaskGroup& group, asio::awaitable<bool> i) -> asio::awaitable<void> {
    // clang-tidy 14 takes the awaitable's own await for a second use.
    if (co_await std::move(i) && !value) {  // NOLINT(bugprone-use-after-move)
      interrupted = true;
      group.cancel();
    }
  };
  co_await with_task_group([&](TaskGroup& group) -> asio::awaitable<void> {
    group.spawn(worker(group, std::move(work)));
    if (!value) {
      group.spawn(interrupter(group, std::move(interruption)));
    }
    co_return;
  });
  if (interrupted) {
    value.reset();
  }
  co_return value;
}

/// Sleeps until then, or until it is cancelled, which throws.
[[nodiscard]] asio::awaitable<void> sleep_until(Clock::time_point when);

/// Does `work`, until `limit` at the latest; nothing when it was cancelled then.
template <class Value>
[[nodiscard]] asio::awaitable<std::optional<Value>> within(Clock::time_point limit,
                                                           asio::awaitable<Value> work) {
  return unless(slept_until(limit), std::move(work));
}

}  // namespace sevenstops::base
