#include "stops/parse/parse.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>

namespace sevenstops::stops {

using http::Outcome;
using http::Reason;

namespace {

// What a connection that sends a body holds besides: its head and what was read at once.
constexpr std::int64_t besides_a_body = 131072;

// For what comes, where the limits are asked last.
http::HeadLimits bounded(const http::HeadLimits& limits) {
  return {.request_line = std::max(limits.request_line, Parse::bound),
          .head = std::max(limits.head, Parse::bound),
          .fields = std::max(limits.fields, Parse::bound)};
}

// What is refused before its head is whole may be a HEAD all the same, and is answered without a
// body then (RFC 9110, 9.3.2).
void know_head(http::Request& request, std::string_view bytes) {
  constexpr std::string_view head = "HEAD";
  if (bytes.starts_with("\r\n")) {
    bytes.remove_prefix(2);
  }
  if (bytes.starts_with("HEAD ")) {
    request.method = head;
  }
}

}  // namespace

// As Apache's RequestReadTimeout has it: so much time, and more for what has come.
Clock::duration Parse::time_for(std::size_t bytes) const {
  const auto grace = base::seconds(settings_.body_timeout);
  if (settings_.body_rate == 0) {
    return grace;
  }
  return grace +
         base::seconds(static_cast<double>(bytes) / static_cast<double>(settings_.body_rate));
}

Parse::Parse(const ParseSettings& settings, ParseMetrics* counted)
    : settings_(settings),
      counted_(counted),
      limits_{.request_line = settings.request_line_limit,
              .head = settings.header_limit,
              .fields = settings.header_count} {
  early_ = settings.check_before_buffering ? limits_ : bounded(limits_);
  const auto needed = settings.body_limit + besides_a_body;
  if (settings.byte_budget < needed) {
    throw std::invalid_argument("parse.byte_budget is " + std::to_string(settings.byte_budget) +
                                " bytes, and a body of parse.body_limit, " +
                                std::to_string(settings.body_limit) + " bytes, needs " +
                                std::to_string(needed) + " with its connection");
  }
}

asio::awaitable<Outcome<void>> Parse::head(Bytes& bytes, http::Request& request) const {
  constexpr std::size_t read_size = 4096;
  request.clear();
  request.secure = bytes.secure();
  http::HeadScanner scanner;
  std::optional<base::Raised> unfinished;
  request.arrived = Clock::now();
  const bool pipelined = !bytes.unread().empty();
  auto deadline =
      request.arrived + base::seconds(pipelined ? settings_.head_timeout : settings_.idle_timeout);
  while (true) {
    const auto length = scanner.scan(bytes.unread(), early_);
    if (!length) {
      know_head(request, bytes.unread());
      co_return length.error();
    }
    if (*length > 0) {
      const auto whole = bytes.unread().substr(0, *length);
      if (!settings_.check_before_buffering) {
        if (const auto held = http::HeadScanner().scan(whole, limits_); !held) {
          know_head(request, whole);
          co_return held.error();
        }
      }
      request.head.assign(whole);
      bytes.consume(*length);
      co_return http::parse_head(request, settings_.leniency());
    }
    const bool waiting = bytes.unread().empty();
    if (!waiting && !unfinished && counted_ != nullptr) {
      unfinished.emplace(counted_->heads_unfinished);
    }
    const auto read = co_await bytes.more(deadline, read_size);
    if (read != Bytes::Read::some) {
      if (waiting && read == Bytes::Read::timed_out && counted_ != nullptr) {
        counted_->idle_closed.add();
      }
      know_head(request, bytes.unread());
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

std::uint64_t Parse::most_body() const {
  const auto limit = settings_.body_limit;
  return static_cast<std::uint64_t>(settings_.check_before_buffering ? limit
                                                                     : std::max(limit, bound));
}

asio::awaitable<Outcome<void>> Parse::body(http::Request& request, Content& content,
                                           Caller& caller) const {
  constexpr unsigned proceed = 100;
  const auto timeout = base::seconds(settings_.body_timeout);
  const auto begun = Clock::now();
  content.begin(request);
  // Room is earned: a declared length that is held at once lets a byte from each of some
  // connections spend the budget. It has to be free, or a body would be begun that can't end.
  constexpr std::uint64_t unknown_length = 65536;
  constexpr std::uint64_t first_room = 1024;
  constexpr std::uint64_t growth = 4;
  const auto declared = std::min(request.content_length.value_or(unknown_length), most_body());
  const auto most = request.content_length ? declared : most_body();
  auto room = std::min(declared, first_room);
  if (!content.reserve(room, declared - room)) {
    co_return Reason::byte_budget;
  }
  if (request.expects_continue && !content.begun() && !co_await caller.interim(proceed, timeout)) {
    co_return Reason::closed;
  }
  while (true) {
    const auto more = co_await content.next(request.body, begun + time_for(request.body.size()));
    if (!more) {
      co_return more.error();
    }
    if (request.body.size() > room) {
      room = std::min(growth * request.body.size(), std::max(most, request.body.size()));
      if (!content.reserve(room, 0)) {
        co_return Reason::byte_budget;
      }
    }
    if (!*more) {
      // Not before: what is left of a body that broke off would be taken for a request.
      request.body_read = true;
      co_return request.body.size() > static_cast<std::uint64_t>(settings_.body_limit)
          ? Outcome<void>(Reason::body_limit)
          : Outcome<void>();
    }
  }
}

}  // namespace sevenstops::stops
