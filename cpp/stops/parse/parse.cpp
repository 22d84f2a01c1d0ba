#include "stops/parse/parse.hpp"

#include <algorithm>

#include "http/chunked.hpp"

namespace sevenstops {
namespace {

constexpr std::size_t read_size = 4096;
constexpr std::size_t body_read_size = 65536;

Refusal cut_short(const Connection& connection, const char* reason) {
  return connection.timed_out ? Refusal{.reason = reason, .status = 408}
                              : Refusal{.reason = "closed", .status = 0};
}

}  // namespace

asio::awaitable<Outcome<Request*>> Parse::head(Connection& connection) const {
  auto& request = connection.request;
  request.clear();
  HeadScanner scanner;
  request.arrived = Clock::now();
  const bool pipelined = !connection.unread().empty();
  auto deadline =
      request.arrived + seconds(pipelined ? settings_.head_timeout : settings_.idle_timeout);
  while (true) {
    const auto length = scanner.scan(connection.unread(), settings_);
    if (!length) {
      co_return length.error();
    }
    if (*length > 0) {
      request.head.assign(connection.unread().substr(0, *length));
      connection.consume(*length);
      const auto parsed = parse_head(request);
      if (!parsed) {
        co_return parsed.error();
      }
      co_return &request;
    }
    const bool waiting = connection.unread().empty();
    if (co_await read_more(connection, deadline, read_size) == 0) {
      co_return waiting ? Refusal{.reason = idle, .status = 0}
                        : cut_short(connection, "head_timeout");
    }
    if (waiting) {
      request.arrived = Clock::now();
      deadline = request.arrived + seconds(settings_.head_timeout);
    }
  }
}

Outcome<void> Parse::declared(const Request& request) const {
  const auto limit = static_cast<std::uint64_t>(settings_.body_limit);
  if (settings_.check_before_buffering && request.content_length.value_or(0) > limit) {
    return Refusal{.reason = "body_limit", .status = 413};
  }
  return {};
}

asio::awaitable<Outcome<void>> Parse::body(Connection& connection) const {
  auto& request = connection.request;
  if (!request.has_body() || request.body_read) {
    co_return Outcome<void>();
  }
  request.body_read = true;
  const auto deadline = Clock::now() + seconds(settings_.body_timeout);
  if (request.expects_continue && connection.unread().empty()) {
    const bool written = co_await write_all(connection, "HTTP/1.1 100 Continue\r\n\r\n",
                                            seconds(settings_.body_timeout));
    if (!written) {
      co_return Refusal{.reason = "closed", .status = 0};
    }
  }
  if (request.chunked) {
    co_return co_await chunked_body(connection, deadline);
  }
  co_return co_await sized_body(connection, deadline);
}

asio::awaitable<Outcome<void>> Parse::sized_body(Connection& connection,
                                                 Clock::time_point deadline) const {
  auto& request = connection.request;
  const auto limit = static_cast<std::uint64_t>(settings_.body_limit);
  const auto length = *request.content_length;
  while (request.body.size() < length) {
    if (connection.unread().empty() &&
        co_await read_more(connection, deadline, body_read_size) == 0) {
      co_return cut_short(connection, "body_timeout");
    }
    const auto take =
        std::min<std::uint64_t>(length - request.body.size(), connection.unread().size());
    request.body.append(connection.unread().substr(0, take));
    connection.consume(take);
    if (request.body.size() > limit) {
      co_return Refusal{.reason = "body_limit", .status = 413};
    }
  }
  co_return Outcome<void>();
}

asio::awaitable<Outcome<void>> Parse::chunked_body(Connection& connection,
                                                   Clock::time_point deadline) const {
  auto& request = connection.request;
  ChunkedDecoder decoder(static_cast<std::uint64_t>(settings_.body_limit));
  while (true) {
    const auto used = decoder.decode(connection.unread(), request.body);
    if (!used) {
      co_return used.error();
    }
    connection.consume(*used);
    if (decoder.done()) {
      co_return Outcome<void>();
    }
    if (co_await read_more(connection, deadline, body_read_size) == 0) {
      co_return cut_short(connection, "body_timeout");
    }
  }
}

}  // namespace sevenstops
