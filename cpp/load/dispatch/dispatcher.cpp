#include "load/dispatch/dispatcher.hpp"

#include <algorithm>

namespace sevenstops::load {
namespace {

// How long a thread waits at most before it looks whether it has been cancelled.
constexpr std::chrono::milliseconds longest_wait{50};

}  // namespace

Dispatcher::Dispatcher(const Plan& plan, const Schedule& schedule, std::int64_t index,
                       Engine& engine, Recorder& recorder, Population& population)
    : plan_(plan),
      schedule_(schedule),
      engine_(engine),
      recorder_(recorder),
      population_(population),
      closed_loop_(plan.closed()),
      arrivals_(plan, index) {
  for (const auto& spec : plan_.requests) {
    crowd_of_.push_back(plan_.crowd_of(spec));
  }
  if (!closed_loop_) {
    fetch();
  }
}

void Dispatcher::fetch() {
  next_ = arrivals_.next();
  if (!next_) {
    queue_.close();
  }
}

bool Dispatcher::try_acquire(std::optional<Job>& job) {
  job.reset();
  if (engine_.stopping()) {
    return true;
  }
  if (!queue_.empty()) {
    job = queue_.try_pop();
    recorder_.unblocked(*job, engine_.clock().now());
    return true;
  }
  if (!closed_loop_) {
    return queue_.closed();
  }
  const auto now = engine_.clock().now();
  if (now < schedule_.end) {
    const auto arrival = arrivals_.next();
    job = Job{.intended = now, .request = arrival->request, .draw = arrival->draw};
    recorder_.begin(*job);
  }
  return true;
}

void Dispatcher::dispatch() {
  while (next_) {
    const auto now = engine_.clock().now();
    if (due(*next_) > now) {
      break;
    }
    const auto arrival = *next_;
    fetch();
    send_out(arrival, now);
  }
  queue_.deliver();
}

void Dispatcher::send_out(const Arrival& arrival, Clock::time_point now) {
  if (const auto crowd = crowd_of_[arrival.request]) {
    if (!population_.start_of_the_mix(*crowd)) {
      recorder_.no_client();
    }
    return;
  }
  Job job{.intended = due(arrival), .request = arrival.request, .draw = arrival.draw};
  recorder_.begin(job);
  recorder_.late(job, now);
  if (!queue_.push(job)) {
    recorder_.blocked(job);
  }
}

Clock::time_point Dispatcher::next_wake() const {
  auto wake = engine_.now() + longest_wait;
  if (next_) {
    wake = std::min(wake, due(*next_));
  }
  if (engine_.now() < schedule_.end) {
    wake = std::min(wake, schedule_.end);
  }
  return wake;
}

bool Dispatcher::finished() const {
  const auto now = engine_.now();
  if (now < schedule_.end) {
    return false;
  }
  const bool all_sent = queue_.empty() && (closed_loop_ || queue_.closed());
  return now >= schedule_.give_up ||
         (all_sent && recorder_.outstanding() == 0 && population_.settled());
}

void Dispatcher::stop() {
  queue_.close();
  queue_.dismiss_all();
}

void Dispatcher::fail_waiting() {
  while (const auto job = queue_.try_pop()) {
    recorder_.failed(*job, Ending::lost, engine_.now());
  }
}

}  // namespace sevenstops::load
