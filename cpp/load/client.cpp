#include "load/client.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>

#include "load/response.hpp"

namespace sevenstops {
namespace {

std::string prebuild(const RequestSpec& spec, const std::string& host, bool keep_alive) {
  std::string bytes = spec.method;
  bytes.append(" ").append(spec.target).append(" HTTP/1.1\r\nHost: ").append(host).append("\r\n");
  for (const auto& [name, value] : spec.headers) {
    bytes.append(name).append(": ").append(value).append("\r\n");
  }
  if (!spec.body.empty() || spec.method == "POST") {
    bytes += "Content-Length: " + std::to_string(spec.body.size()) + "\r\n";
  }
  bytes += keep_alive ? "\r\n" : "Connection: close\r\n\r\n";
  return bytes + spec.body;
}

std::uint64_t micros_since(Clock::time_point from) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(
      0, std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - from).count()));
}

const char* status_class(unsigned status) {
  constexpr std::array names = {"1xx", "2xx", "3xx", "4xx", "5xx"};
  return status >= 100 && status < 600 ? names[status / 100 - 1] : "other";
}

}  // namespace

LoadThread::LoadThread(const Plan& p, std::int64_t index, const tcp::endpoint& e, std::string h,
                       Clock::time_point s)
    : plan(p), endpoint(e), host(std::move(h)), start(s), arrivals(p, index) {
  for (const auto& spec : p.requests) {
    prebuilt.push_back(prebuild(spec, host, p.keep_alive));
  }
  result.crowds.resize(p.crowds.size());
}

void LoadThread::sweep() {
  const auto now = Clock::now();
  for (auto* connection : open) {
    if (connection->deadline < now) {
      connection->deadline = Clock::time_point::max();
      connection->timed_out = true;
      boost::system::error_code error;
      connection->socket.cancel(error);
    }
  }
}

asio::awaitable<void> honest_client(LoadThread& thread) {
  constexpr auto tuple = asio::as_tuple(asio::use_awaitable);
  const auto& plan = thread.plan;
  const auto executor = co_await asio::this_coro::executor;
  std::unique_ptr<Connection> connection;
  std::list<Connection*>::iterator listed;
  const auto hang_up = [&] {
    if (connection) {
      thread.open.erase(listed);
      connection.reset();
    }
  };
  asio::steady_timer timer(executor);
  std::string body;
  const auto end = thread.start + seconds(plan.duration);
  while (const auto arrival = thread.arrivals.next()) {
    auto intended = Clock::now();
    if (plan.arrivals == Arrivals::closed) {
      if (intended >= end) {
        break;
      }
    } else {
      intended = thread.start + seconds(arrival->at);
      if (intended > Clock::now()) {
        timer.expires_at(intended);
        co_await timer.async_wait(tuple);
      }
    }
    ++thread.result.requests;
    auto& record = thread.result.by_name[plan.requests[arrival->request].name];
    const auto failed = [&](const char* why) {
      ++record.outcomes[why];
      hang_up();
    };
    if (!connection) {
      connection = std::make_unique<Connection>(tcp::socket(executor));
      listed = thread.open.insert(thread.open.end(), connection.get());
      boost::system::error_code error;
      connection->socket.open(thread.endpoint.protocol(), error);
      if (error) {
        failed("connect_error");
        continue;
      }
      connection->deadline = intended + seconds(plan.connect_timeout);
      const auto [refused] = co_await connection->socket.async_connect(thread.endpoint, tuple);
      connection->deadline = Clock::time_point::max();
      if (refused) {
        failed(connection->timed_out ? "connect_timeout" : "connect_error");
        continue;
      }
      thread.result.connect.record(micros_since(intended));
      connection->socket.set_option(tcp::no_delay(true), error);
      connection->socket.non_blocking(true, error);
    }
    const auto deadline = intended + seconds(plan.connect_timeout + plan.read_timeout);
    // Whether all was sent does not matter here: a refusal may come before the last byte.
    co_await write_all(*connection, thread.prebuilt[arrival->request], seconds(plan.read_timeout));
    const auto& expect = plan.requests[arrival->request].expect;
    body.clear();
    const auto answer =
        co_await read_answer(*connection, deadline, expect.empty() ? nullptr : &body);
    if (answer.status == 0) {
      failed(answer.failure);
      continue;
    }
    record.latency.record(micros_since(intended));
    ++record.outcomes[status_class(answer.status)];
    ++record.statuses[answer.status];
    record.unexpected += body.find(expect) == std::string::npos ? 1 : 0;
    if (!plan.keep_alive || !answer.keep_alive) {
      hang_up();
    }
  }
  hang_up();
}

}  // namespace sevenstops
