#pragma once

#include <coroutine>
#include <optional>
#include <vector>

#include "load/dispatch/job_queue.hpp"
#include "load/dispatch/population.hpp"
#include "load/dispatch/recorder.hpp"
#include "load/dispatch/schedule.hpp"
#include "load/engine/engine.hpp"
#include "load/plan/arrivals.hpp"

namespace sevenstops::load {

/// Turns the plan's arrivals into jobs at their times and brings them to whoever waits for one. In
/// a closed loop there are no times: a job is made when somebody asks for it.
class Dispatcher {
 public:
  /// For the thread `index` of the plan's threads.
  Dispatcher(const Plan& plan, const Schedule& schedule, std::int64_t index, Engine& engine,
             Recorder& recorder, Population& population);

  // For users.

  /// Whether it is known what comes next. Then `job` is the next job, or empty when there is none
  /// any more; else the caller has to `wait`.
  [[nodiscard]] bool try_acquire(std::optional<Job>& job);
  void wait(Waiter& waiter) { queue_.wait(waiter); }
  /// For a job that the peer has surely not begun: somebody else will have it, before all others.
  void requeue(const Job& job) { queue_.requeue(job); }

  /// The next job, or nothing: `while (auto job = co_await dispatcher.next_job())`.
  class NextJob final : public Waiter {
   public:
    explicit NextJob(Dispatcher& dispatcher) : dispatcher_(dispatcher) {}
    [[nodiscard]] bool await_ready() { return dispatcher_.try_acquire(job_); }
    void await_suspend(std::coroutine_handle<> caller) {
      caller_ = caller;
      dispatcher_.wait(*this);
    }
    [[nodiscard]] const std::optional<Job>& await_resume() const { return job_; }
    void assign(const Job& job) override {
      job_ = job;
      caller_.resume();
    }
    void dismiss() override { caller_.resume(); }

   private:
    Dispatcher& dispatcher_;
    std::optional<Job> job_;
    std::coroutine_handle<> caller_;
  };
  [[nodiscard]] NextJob next_job() { return NextJob(*this); }

  // For the loop.

  /// Sends out what is due by now.
  void dispatch();
  /// When `dispatch` is to be called next, at the latest.
  [[nodiscard]] Clock::time_point next_wake() const;
  /// Whether the load has come to its end: all is sent and has ended, or the cool-down is over.
  [[nodiscard]] bool finished() const;
  /// There are no further jobs: dismisses who waits for one.
  void stop();
  /// Records as lost what waits still.
  void fail_waiting();

 private:
  [[nodiscard]] Clock::time_point due(const Arrival& arrival) const {
    return schedule_.start + base::seconds(arrival.at);
  }
  void fetch();
  void send_out(const Arrival& arrival, Clock::time_point now);

  const Plan& plan_;
  const Schedule& schedule_;
  Engine& engine_;
  Recorder& recorder_;
  Population& population_;
  const bool closed_loop_;
  ArrivalSequence arrivals_;
  // The first arrival that is not due yet.
  std::optional<Arrival> next_;
  JobQueue queue_;
  // By request of the mix: the crowd that sends it, if one does.
  std::vector<std::optional<std::size_t>> crowd_of_;
};

}  // namespace sevenstops::load
