#include "load/dispatch/job_queue.hpp"

#include <utility>

namespace sevenstops::load {

void Waiter::remove() {
  std::erase(queue_->waiters_, this);
  queue_ = nullptr;
}

JobQueue::~JobQueue() {
  for (auto* waiter : waiters_) {
    waiter->queue_ = nullptr;
  }
}

void JobQueue::wait(Waiter& waiter) {
  waiters_.push_back(&waiter);
  waiter.queue_ = this;
}

Waiter& JobQueue::next_waiter() {
  auto& waiter = *waiters_.front();
  waiters_.pop_front();
  waiter.queue_ = nullptr;
  return waiter;
}

bool JobQueue::push(const Job& job) {
  if (waiters_.empty()) {
    jobs_.push_back(job);
    return false;
  }
  next_waiter().assign(job);
  return true;
}

std::optional<Job> JobQueue::try_pop() {
  if (jobs_.empty()) {
    return std::nullopt;
  }
  const auto job = jobs_.front();
  jobs_.pop_front();
  return job;
}

void JobQueue::deliver() {
  while (!jobs_.empty() && !waiters_.empty()) {
    const auto job = jobs_.front();
    jobs_.pop_front();
    next_waiter().assign(job);
  }
  if (closed_ && jobs_.empty()) {
    dismiss_all();
  }
}

void JobQueue::dismiss_all() {
  // Only those of this moment: who is dismissed may take another place.
  for (auto count = waiters_.size(); count > 0 && !waiters_.empty(); --count) {
    next_waiter().dismiss();
  }
}

}  // namespace sevenstops::load
