#pragma once

#include <deque>
#include <optional>

#include "load/dispatch/job.hpp"

namespace sevenstops::load {

class JobQueue;

/// Who can serve one job at a time and waits for it: a connection, or a stream of one.
class Waiter {
 public:
  Waiter() = default;
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  /// The job waited for; the waiter is no longer in the queue.
  virtual void assign(const Job& job) = 0;
  /// No job will come any more; the waiter is no longer in the queue.
  virtual void dismiss() = 0;
  /// Waits no longer; without effect for one that does not wait.
  void leave() {
    if (queue_ != nullptr) {
      remove();
    }
  }

 protected:
  ~Waiter() { leave(); }

 private:
  friend class JobQueue;
  void remove();

  JobQueue* queue_ = nullptr;
};

/// Jobs that wait for somebody to serve them, or those who wait for a job; both in order.
class JobQueue {
 public:
  JobQueue() = default;
  JobQueue(const JobQueue&) = delete;
  JobQueue& operator=(const JobQueue&) = delete;
  ~JobQueue();

  /// Gives the job to whoever has waited longest, else it waits. Whether somebody had it at once.
  bool push(const Job& job);
  /// For a job that was begun by nobody: it goes before all others. `deliver` brings it to a
  /// waiter.
  void requeue(const Job& job) { jobs_.push_front(job); }
  /// The next job; nothing when none waits.
  [[nodiscard]] std::optional<Job> try_pop();
  void wait(Waiter& waiter);

  /// Brings jobs and waiters together where there are both; in a closed queue without jobs it
  /// dismisses who waits.
  void deliver();
  /// Nothing will be pushed any more.
  void close() { closed_ = true; }
  [[nodiscard]] bool closed() const { return closed_; }
  /// Whether no job waits.
  [[nodiscard]] bool empty() const { return jobs_.empty(); }
  /// Dismisses everybody, whether or not jobs wait.
  void dismiss_all();

 private:
  friend class Waiter;
  [[nodiscard]] Waiter& next_waiter();

  std::deque<Job> jobs_;
  std::deque<Waiter*> waiters_;
  bool closed_ = false;
};

}  // namespace sevenstops::load
