#include "load/dispatch/recorder.hpp"

#include <algorithm>
#include <utility>

namespace sevenstops::load {
namespace {

std::uint64_t micros(Clock::duration duration) {
  const auto count = std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, count));
}

}  // namespace

Recorder::Recorder(const Plan& plan, const Schedule& schedule)
    : schedule_(schedule),
      requests_(plan.requests.size()),
      crowds_(plan.crowds.size()),
      series_(plan.duration() + plan.cool_down + plan.connect_timeout + plan.read_timeout),
      last_sent_(schedule.start),
      finished_(schedule.start) {}

void Recorder::begin(Job& job) {
  job.recorded = job.intended >= schedule_.record_from;
  ++begun_;
  if (job.recorded) {
    ++recorded_;
    ++requests_[job.request].due;
  }
}

void Recorder::late(const Job& job, Clock::time_point now) {
  if (job.recorded) {
    client_.lateness.record(micros(now - job.intended));
  }
}

void Recorder::unblocked(const Job& job, Clock::time_point now) {
  if (job.recorded) {
    blocked_.seconds.record(micros(now - job.intended));
  }
}

void Recorder::connected(const Job& job, Clock::duration took) {
  if (job.recorded) {
    phases_.connect.record(micros(took));
  }
}

void Recorder::sent(Job& job, Clock::time_point when) {
  if (job.recorded) {
    last_sent_ = when;
    count_sent(job, when);
  }
}

void Recorder::not_connected(Job& job, Ending ending, Clock::time_point began,
                             Clock::time_point now) {
  if (job.recorded && ending != Ending::no_socket) {
    count_sent(job, began);
  }
  failed(job, ending, now);
}

void Recorder::count_sent(Job& job, Clock::time_point when) {
  if (!std::exchange(job.sent, true)) {
    ++requests_[job.request].sent;
    series_.sent(schedule_.since_start(when));
  }
}

void Recorder::phases(const Job& job, Clock::duration send, Clock::duration first_byte,
                      Clock::duration last_byte) {
  if (job.recorded) {
    phases_.send.record(micros(send));
    phases_.first_byte.record(micros(first_byte));
    phases_.last_byte.record(micros(last_byte));
  }
}

void Recorder::phases(const Job& job, Clock::duration first_byte, Clock::duration last_byte) {
  if (job.recorded) {
    phases_.first_byte.record(micros(first_byte));
    phases_.last_byte.record(micros(last_byte));
  }
}

void Recorder::answered(const Job& job, Clock::time_point started, Clock::time_point now,
                        unsigned status, bool as_expected) {
  ++ended_;
  if (!job.recorded) {
    return;
  }
  auto& record = requests_[job.request];
  const auto latency = micros(now - job.intended);
  record.latency.record(latency);
  record.response.record(micros(now - started));
  constexpr unsigned success = 2;
  if (status / 100 != success) {
    record.unsuccessful.record(latency);
  }
  ++record.status_counts[status < record.status_counts.size() ? status : 0];
  record.unexpected += as_expected ? 0 : 1;
  constexpr unsigned server_error = 500;
  series_.answered(schedule_.since_start(now), latency, status >= server_error);
}

void Recorder::failed(const Job& job, Ending ending, Clock::time_point now) {
  ++ended_;
  if (!job.recorded) {
    return;
  }
  ++requests_[job.request].endings[static_cast<std::size_t>(ending)];
  blocked_.no_socket += ending == Ending::no_socket ? 1 : 0;
  series_.failed(schedule_.since_start(now));
}

void Recorder::end(Clock::time_point when, std::exception_ptr failure) {
  finished_ = when;
  failure_ = std::move(failure);
}

void Recorder::add_to(LoadResult& result, const Plan& plan) const {
  if (failure_) {
    std::rethrow_exception(failure_);
  }
  result.requests += recorded_;
  result.warm_up_requests += begun_ - recorded_;
  result.phases.merge(phases_);
  result.blocked.merge(blocked_);
  result.client.merge(client_);
  for (std::size_t i = 0; i < requests_.size(); ++i) {
    result.by_name[plan.requests[i].name].merge(requests_[i]);
  }
  result.crowds.resize(crowds_.size());
  for (std::size_t i = 0; i < crowds_.size(); ++i) {
    result.crowds[i].merge(crowds_[i]);
  }
  result.sending = std::max(result.sending, schedule_.since_start(last_sent_));
  result.duration = std::max(result.duration, schedule_.since_start(finished_));
}

}  // namespace sevenstops::load
