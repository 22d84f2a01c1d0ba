#include "load/thread.hpp"

#include <time.h>

#include "load/clients/client.hpp"

namespace sevenstops::load {
namespace {

// How long a thread waits at most before it looks whether it has been cancelled.
constexpr std::chrono::milliseconds longest_wait{50};

double thread_cpu_seconds() {
  timespec spent{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  return static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) * 1e-9;
}

}  // namespace

LoadThread::LoadThread(const Plan& plan, const Endpoint& endpoint, std::int64_t index,
                       std::string engine, Clock::time_point start)
    : series(plan.duration() + plan.cool_down + plan.connect_timeout + plan.read_timeout),
      plan_(plan),
      endpoint_(endpoint),
      index_(index),
      engine_name_(std::move(engine)),
      start_(start),
      record_from_(start + as_duration(plan.warm_up)),
      end_(start + as_duration(plan.duration())),
      give_up_(end_ + as_duration(plan.cool_down)),
      arrivals_(plan, index),
      random_(plan.seed + static_cast<std::uint64_t>(index)) {
  result.requests.resize(plan.requests.size());
  result.crowds.resize(plan.crowds.size());
  result.last_sent = start;
  crowds_.resize(plan.crowds.size());
  for (std::size_t i = 0; i < plan.crowds.size(); ++i) {
    // The first threads have what does not divide.
    const auto most = plan.crowds[i].at_most;
    crowds_[i].most_of_the_mix = most / plan.threads + (index < most % plan.threads ? 1 : 0);
    crowds_[i].lasting = client_kind(plan.crowds[i].kind)->lasting || plan.crowds[i].repeat;
  }
  for (const auto& spec : plan.requests) {
    const auto& pattern = patterns_.emplace_back(spec.target);
    const auto& body = bodies_.emplace_back(
        spec.body_size > 0 ? std::string(static_cast<std::size_t>(spec.body_size), 'b')
                           : spec.body);
    std::string rest = " HTTP/1.1\r\nHost: " + endpoint.host + "\r\n";
    for (const auto& [name, value] : spec.headers) {
      rest.append(name).append(": ").append(value).append("\r\n");
    }
    if (!body.empty() || spec.method == "POST" || spec.method == "PUT") {
      rest.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
    }
    rest.append(plan.keep_alive ? "\r\n" : "Connection: close\r\n\r\n").append(body);
    std::string whole;
    if (pattern.fixed()) {
      whole = spec.method + " ";
      pattern.append(whole, 0);
      whole += rest;
    }
    prebuilt_.push_back(std::move(whole));
    after_target_.push_back(std::move(rest));
    sender_.push_back(-1);
    for (std::size_t i = 0; i < plan.crowds.size(); ++i) {
      const auto& crowd = plan.crowds[i];
      if (!spec.client.empty() && (crowd.name.empty() ? crowd.kind : crowd.name) == spec.client) {
        sender_.back() = static_cast<std::int64_t>(i);
      }
    }
  }
}

std::string_view LoadThread::request_bytes(const Job& job, std::string& scratch) const {
  if (!prebuilt_[job.request].empty()) {
    return prebuilt_[job.request];
  }
  scratch.assign(plan_.requests[job.request].method).push_back(' ');
  append_target(job, scratch);
  scratch += after_target_[job.request];
  return scratch;
}

void LoadThread::append_target(const Job& job, std::string& out) const {
  patterns_[job.request].append(out, job.draw);
}

void LoadThread::run() {
  const auto cpu_before = thread_cpu_seconds();
  try {
    engine_ = make_engine(engine_name_);
    result.client.engine = engine_->name();
    if (!plan_.closed()) {
      next_ = arrivals_.next();
      exhausted_ = !next_;
    }
    populate();
    while (!cancelled_.load(std::memory_order_relaxed) && !finished()) {
      engine_->run_once(next_wake());
      dispatch();
    }
    engine_->stop();
    exhausted_ = true;
    for (auto* taker : std::exchange(idle_, {})) {
      taker->dismiss();
    }
    while (alive_ > 0) {
      engine_->run_once(engine_->now() + longest_wait);
    }
    for (const auto& job : std::exchange(waiting_, {})) {
      failed(job, Ending::lost);
    }
  } catch (...) {
    result.trouble = std::current_exception();
  }
  result.ended = Clock::now();
  result.client.cpu_seconds = thread_cpu_seconds() - cpu_before;
  result.client.busiest = result.client.cpu_seconds / std::max(1e-9, since_start(result.ended));
}

void LoadThread::populate() {
  for (auto i = index_; i < plan_.connections; i += plan_.threads) {
    follow_user(plan_.protocol == "h2" ? http2_user(*this) : http1_user(*this));
  }
  for (std::size_t c = 0; c < plan_.crowds.size(); ++c) {
    for (auto i = index_; i < plan_.crowds[c].count; i += plan_.threads) {
      follow_client(c, false);
    }
  }
}

Detached LoadThread::follow_user(Task<> user) {
  ++alive_;
  try {
    co_await std::move(user);
  } catch (...) {
    result.trouble = std::current_exception();
    cancel();
  }
  --alive_;
}

Detached LoadThread::follow_client(std::size_t crowd, bool of_the_mix) {
  const auto& spec = plan_.crowds[crowd];
  auto& state = crowds_[crowd];
  const bool waited_for = !state.lasting;
  ++alive_;
  state.of_the_mix += of_the_mix ? 1 : 0;
  finite_alive_ += waited_for ? 1 : 0;
  do {
    ++result.crowds[crowd].started;
    const auto began = Clock::now();
    try {
      co_await client_kind(spec.kind)->run(*this, spec, result.crowds[crowd]);
    } catch (...) {
      result.trouble = std::current_exception();
      cancel();
    }
    // One that is turned away at once must not make this a loop without a pause.
    constexpr std::chrono::milliseconds at_least{10};
    if (spec.repeat && !over()) {
      co_await engine_->sleep_until(began + at_least);
    }
  } while (spec.repeat && !of_the_mix && !over());
  finite_alive_ -= waited_for ? 1 : 0;
  state.of_the_mix -= of_the_mix ? 1 : 0;
  --alive_;
}

bool LoadThread::finished() const {
  const auto now = engine_->now();
  if (now < end_) {
    return false;
  }
  const bool all_sent = waiting_.empty() && (plan_.closed() || exhausted_);
  return now >= give_up_ || (all_sent && outstanding_ == 0 && finite_alive_ == 0);
}

Clock::time_point LoadThread::next_wake() const {
  auto wake = engine_->now() + longest_wait;
  if (next_) {
    wake = std::min(wake, start_ + as_duration(next_->at));
  }
  if (engine_->now() < end_) {
    wake = std::min(wake, end_);
  }
  return wake;
}

void LoadThread::dispatch() {
  while (next_ && start_ + as_duration(next_->at) <= Clock::now()) {
    const auto arrival = *next_;
    next_ = arrivals_.next();
    exhausted_ = !next_;
    give(arrival);
  }
  while (!waiting_.empty() && !idle_.empty()) {
    const auto job = waiting_.front();
    auto* taker = idle_.front();
    waiting_.pop_front();
    idle_.pop_front();
    taker->take(job);
  }
  if (exhausted_ && waiting_.empty()) {
    for (auto* taker : std::exchange(idle_, {})) {
      taker->dismiss();
    }
  }
}

void LoadThread::give(const Arrival& arrival) {
  if (const auto crowd = sender_[arrival.request]; crowd >= 0) {
    const auto place = static_cast<std::size_t>(crowd);
    if (crowds_[place].of_the_mix >= crowds_[place].most_of_the_mix) {
      ++result.blocked.no_client;
    } else {
      follow_client(place, true);
    }
    return;
  }
  Job job{.intended = start_ + as_duration(arrival.at),
          .request = arrival.request,
          .draw = arrival.draw};
  begin(job);
  if (job.recorded) {
    result.client.lateness.record(micros(Clock::now() - job.intended));
  }
  if (idle_.empty()) {
    result.blocked.no_connection += job.recorded ? 1 : 0;
    waiting_.push_back(job);
    return;
  }
  auto* taker = idle_.front();
  idle_.pop_front();
  taker->take(job);
}

void LoadThread::begin(Job& job) {
  job.recorded = job.intended >= record_from_;
  ++(job.recorded ? result.due : result.warm_up);
  ++outstanding_;
}

bool LoadThread::pull(std::optional<Job>& job) {
  job.reset();
  if (engine_->stopping()) {
    return true;
  }
  if (plan_.closed() && waiting_.empty()) {
    const auto now = Clock::now();
    if (now < end_) {
      const auto arrival = arrivals_.next();
      job = Job{.intended = now, .request = arrival->request, .draw = arrival->draw};
      begin(*job);
    }
    return true;
  }
  if (!waiting_.empty()) {
    job = waiting_.front();
    waiting_.pop_front();
    if (job->recorded) {
      result.blocked.seconds.record(micros(Clock::now() - job->intended));
    }
    return true;
  }
  return exhausted_;
}

void LoadThread::sent(const Job& job, Clock::time_point when) {
  if (job.recorded) {
    result.last_sent = when;
    series.sent(since_start(when));
  }
}

void LoadThread::answered(const Job& job, Clock::time_point started, unsigned status,
                          bool as_expected) {
  --outstanding_;
  if (!job.recorded) {
    return;
  }
  const auto now = engine_->now();
  auto& record = result.requests[job.request];
  const auto latency = micros(now - job.intended);
  record.latency.record(latency);
  record.response.record(micros(now - started));
  ++record.status_counts[status < record.status_counts.size() ? status : 0];
  record.unexpected += as_expected ? 0 : 1;
  constexpr unsigned server_error = 500;
  series.answered(since_start(now), latency, status >= server_error);
}

void LoadThread::failed(const Job& job, Ending ending) {
  --outstanding_;
  if (!job.recorded) {
    return;
  }
  ++result.requests[job.request].endings[static_cast<std::size_t>(ending)];
  result.blocked.no_socket += ending == Ending::no_socket ? 1 : 0;
  series.failed(since_start(engine_->now()));
}

Ending LoadThread::ending_of(int error, Ending otherwise) const {
  if (engine_->stopping() && (error == ECANCELED || error == ETIMEDOUT)) {
    return Ending::lost;
  }
  switch (error) {
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
    case EADDRNOTAVAIL:
      return Ending::no_socket;
    case ECANCELED:
    case ETIMEDOUT:
      return otherwise == Ending::connect_error ? Ending::connect_timeout : Ending::read_timeout;
    default:
      return otherwise;
  }
}

}  // namespace sevenstops::load
