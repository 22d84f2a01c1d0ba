#include "load/users/http2_connection.hpp"

namespace sevenstops::load {

void Http2Slot::take(const Job& given) {
  idle_ = false;
  if (!connection_.takes_requests()) {
    thread_.give_back(given);
    return;
  }
  job = given;
  connection_.submit(*this);
  connection_.flush();
}

void Http2Slot::dismiss() {
  idle_ = false;
  connection_.dismissed();
}

void Http2Slot::next() {
  if (!connection_.takes_requests()) {
    return;
  }
  std::optional<Job> found;
  if (!thread_.pull(found)) {
    idle_ = true;
    thread_.idle(*this);
  } else if (found) {
    job = found;
    connection_.submit(*this);
  } else {
    connection_.dismissed();
  }
}

void Http2Slot::withdraw() {
  if (idle_) {
    idle_ = false;
    thread_.withdraw(*this);
  }
}

Task<> http2_user(LoadThread& thread) {
  const auto& plan = thread.plan();
  while (const auto job = co_await thread.next_job()) {
    const auto started = Clock::now();
    Channel channel(thread.engine(), thread.endpoint());
    channel.socket().expire_at(started + LoadThread::as_duration(plan.connect_timeout));
    const auto opened = co_await channel.open();
    if (!opened.ok()) {
      thread.failed(*job, opened.error != 0 ? thread.ending_of(opened.error, Ending::connect_error)
                                            : Ending::tls_error);
      continue;
    }
    if (job->recorded) {
      thread.connected(Clock::now() - started);
    }
    Http2Connection connection(thread, channel);
    co_await connection.run(*job);
  }
}

}  // namespace sevenstops::load
