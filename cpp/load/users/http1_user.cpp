#include "load/thread.hpp"
#include "http/response_scanner.hpp"

namespace sevenstops::load {
Task<> http1_user(LoadThread& thread) {
  const auto& plan = thread.plan();
  auto& engine = thread.engine();
  const auto connect_timeout = LoadThread::as_duration(plan.connect_timeout);
  const auto read_timeout = LoadThread::as_duration(plan.read_timeout);
  const auto think =
      plan.closed() ? LoadThread::as_duration(plan.arrivals[0].think) : Clock::duration{0};
  std::optional<Channel> channel;
  http::ResponseScanner scanner;
  std::string scratch;
  std::string kept;
  while (const auto job = co_await thread.next_job()) {
    const auto& spec = plan.requests[job->request];
    auto started = Clock::now();
    if (channel && channel->socket().closed_by_peer()) {
      channel.reset();
    }
    if (!channel) {
      channel.emplace(engine, thread.endpoint());
      channel->socket().expire_at(started + connect_timeout);
      const auto opened = co_await channel->open();
      if (!opened.ok()) {
        thread.failed(*job, opened.error != 0
                                ? thread.ending_of(opened.error, Ending::connect_error)
                                : Ending::tls_error);
        channel.reset();
        continue;
      }
      const auto connected = Clock::now();
      if (job->recorded) {
        thread.connected(connected - started);
      }
      started = connected;
    }
    channel->socket().expire_at(started + read_timeout);
    const auto bytes = thread.request_bytes(*job, scratch);
    thread.sent(*job, started);
    Received got;
    Clock::time_point sent;
    if (channel->plain()) {
      const auto exchanged = co_await channel->socket().exchange(bytes);
      got = exchanged.received;
      sent = exchanged.sent;
    } else {
      // Whether all was taken does not matter here: a refusal may come before the last byte.
      (void)co_await channel->send(bytes);
      sent = Clock::now();
      got = co_await channel->receive();
    }
    const auto first = std::max(engine.now(), sent);
    kept.clear();
    scanner.begin(spec.method == "HEAD", spec.expect.empty() ? nullptr : &kept);
    auto state = http::ResponseScanner::State::more;
    while (state == http::ResponseScanner::State::more && !got.ended()) {
      state = scanner.feed(got.bytes);
      if (state == http::ResponseScanner::State::more) {
        got = co_await channel->receive();
      }
    }
    if (state == http::ResponseScanner::State::more && got.error == 0) {
      state = scanner.end();
      if (state == http::ResponseScanner::State::malformed) {
        thread.failed(*job, Ending::closed_early);
        channel.reset();
        continue;
      }
    }
    if (state != http::ResponseScanner::State::done) {
      thread.failed(*job, state == http::ResponseScanner::State::malformed
                              ? Ending::malformed
                              : thread.ending_of(got.error, Ending::reset));
      channel.reset();
      continue;
    }
    const auto last = engine.now();
    if (job->recorded) {
      thread.sent_in(sent - started);
      thread.first_byte_in(first - sent);
      thread.last_byte_in(last - first);
    }
    thread.answered(*job, started, scanner.status(),
                    spec.expect.empty() || kept.find(spec.expect) != std::string::npos);
    if (!plan.keep_alive || !scanner.keep_alive() || !got.bytes.empty()) {
      channel.reset();
    } else {
      channel->socket().never_expire();
    }
    if (think.count() > 0) {
      co_await engine.sleep_until(Clock::now() + think);
    }
  }
}

}  // namespace sevenstops::load
