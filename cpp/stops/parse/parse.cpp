#include "stops/parse/parse.hpp"

namespace sevenstops::stops {

using http::Outcome;
using http::Reason;

asio::awaitable<Outcome<void>> Parse::head(Bytes& bytes, http::Request& request) const {
  constexpr std::size_t read_size = 4096;
  request.clear();
  http::HeadScanner scanner;
  request.arrived = Clock::now();
  const bool pipelined = !bytes.unread().empty();
  auto deadline =
      request.arrived + base::seconds(pipelined ? settings_.head_timeout : settings_.idle_timeout);
  while (true) {
    const auto length = scanner.scan(bytes.unread(), limits_);
    if (!length) {
      co_return length.error();
    }
    if (*length > 0) {
      request.head.assign(bytes.unread().substr(0, *length));
      bytes.consume(*length);
      co_return http::parse_head(request);
    }
    const bool waiting = bytes.unread().empty();
    const auto read = co_await bytes.more(deadline, read_size);
    if (read != Bytes::Read::some) {
      co_return waiting                ? Reason::idle
      : read == Bytes::Read::timed_out ? Reason::head_timeout
                                       : Reason::closed;
    }
    if (waiting) {
      request.arrived = Clock::now();
      deadline = request.arrived + base::seconds(settings_.head_timeout);
    }
  }
}

Outcome<void> Parse::declared(const http::Request& request) const {
  const auto limit = static_cast<std::uint64_t>(settings_.body_limit);
  if (settings_.check_before_buffering && request.content_length.value_or(0) > limit) {
    return Reason::body_limit;
  }
  return {};
}

asio::awaitable<Outcome<void>> Parse::body(http::Request& request, Content& content,
                                           Caller& caller) const {
  constexpr unsigned proceed = 100;
  request.body_read = true;
  const auto timeout = base::seconds(settings_.body_timeout);
  const auto deadline = Clock::now() + timeout;
  content.begin(request);
  if (request.expects_continue && !content.begun() && !co_await caller.interim(proceed, timeout)) {
    co_return Reason::closed;
  }
  while (true) {
    const auto more = co_await content.next(request.body, deadline);
    if (!more) {
      co_return more.error();
    }
    if (!*more) {
      co_return Outcome<void>();
    }
  }
}

}  // namespace sevenstops::stops
