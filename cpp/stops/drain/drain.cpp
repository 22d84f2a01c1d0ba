#include "stops/drain/drain.hpp"

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/status.hpp>
#include <charconv>

#include "http/trace.hpp"

namespace sevenstops {
namespace {

// A scratch for bytes that nobody reads: shared by all lingering connections of a thread.
thread_local std::array<char, 65536> discarded;

// Milliseconds with microseconds behind the point, as the header's `dur` has them.
void append_duration(std::string& out, Clock::duration duration) {
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(),
                                 std::chrono::duration<double, std::milli>(duration).count(),
                                 std::chars_format::fixed, 3)
                       .ptr;
  out.append(digits.data(), end);
}

// W3C Server Timing, all seven stops. A stop without a duration was not entered, is not over yet
// (drain, which sends these bytes), or, accept, belongs to an earlier request of the connection.
void append_server_timing(std::string& out, const Timings& timings) {
  out.append("\r\nServer-Timing: ");
  for (std::size_t stop = 0; stop < timings.size(); ++stop) {
    out.append(stop == 0 ? "" : ", ").append(stop_names[stop]);
    if (timings[stop]) {
      append_duration(out.append(";dur="), *timings[stop]);
    }
  }
}

void append_head(std::string& out, const Body& body, int minor_version, bool keep_alive,
                 bool chunked, const Timings* timings) {
  const auto status = static_cast<boost::beast::http::status>(body.status);
  const auto phrase = boost::beast::http::obsolete_reason(status);
  out.append("HTTP/1.1 ").append(std::to_string(body.status)).append(" ");
  out.append(phrase.data(), phrase.size());
  out.append("\r\nServer: sevenstops\r\nContent-Type: ").append(body.content_type);
  if (body.status == 401) {
    out.append("\r\nWWW-Authenticate: Bearer");
  }
  if (!body.allow.empty()) {
    out.append("\r\nAllow: ").append(body.allow);
  }
  if (chunked) {
    out.append("\r\nTransfer-Encoding: chunked");
  } else if (!body.source) {
    out.append("\r\nContent-Length: ").append(std::to_string(body.bytes.size()));
  }
  // RFC 9112, 9.3: only 1.1 takes a connection to be kept when nothing is said.
  if (!keep_alive) {
    out.append("\r\nConnection: close");
  } else if (minor_version == 0) {
    out.append("\r\nConnection: keep-alive");
  }
  if (timings != nullptr) {
    append_server_timing(out, *timings);
  }
  out.append("\r\n\r\n");
}

void append_chunk(std::string& out, std::string_view piece) {
  std::array<char, 16> digits{};
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), piece.size(), 16).ptr;
  out.append(digits.data(), end).append("\r\n").append(piece).append("\r\n");
}

}  // namespace

void Drain::queued(std::size_t before, std::size_t after) {
  metrics_.queued_bytes.add(after);
  metrics_.queued_bytes.sub(before);
  metrics_.queued_bytes_max.raise_to(metrics_.queued_bytes.value());
}

bool Drain::wants_timing(const Request& request) const {
  if (settings_.server_timing) {
    return true;
  }
  const auto* parent = request.find("traceparent");
  const auto trace = parent == nullptr ? std::nullopt : parse_traceparent(parent->value);
  return trace && trace->sampled();
}

asio::awaitable<bool> Drain::send(Connection& connection, Body& body, bool keep_alive,
                                  bool head_only) {
  auto& out = connection.out;
  out.clear();
  // HTTP/1.0 knows no chunks (RFC 9112, 6.1): there the end of the connection ends the stream.
  const bool chunked = body.source != nullptr && connection.request.minor_version == 1;
  append_head(out, body, connection.request.minor_version, keep_alive && (chunked || !body.source),
              chunked, wants_timing(connection.request) ? &connection.timings : nullptr);
  if (!head_only) {
    out.append(body.bytes);
  }
  metrics_[Stop::drain].bytes.add(out.size());
  if (!co_await write_all(connection, out, seconds(settings_.write_timeout))) {
    co_return false;
  }
  if (!body.source || head_only) {
    co_return true;
  }
  co_return co_await stream(connection, *body.source, chunked) && chunked;
}

asio::awaitable<bool> Drain::stream(Connection& connection, ByteSource& source, bool chunked) {
  std::string piece;
  std::string queue;
  bool more = true;
  bool sent = true;
  while (more && sent) {
    piece.clear();
    const auto produced = co_await source.next(piece);
    if (!produced) {
      sent = false;
      break;
    }
    more = *produced;
    const auto before = queue.size();
    if (!piece.empty()) {
      chunked ? append_chunk(queue, piece) : static_cast<void>(queue.append(piece));
    }
    if (!more && chunked) {
      queue.append("0\r\n\r\n");
    }
    queued(before, queue.size());
    metrics_[Stop::drain].bytes.add(queue.size() - before);
    if (!settings_.await_writes && more) {
      // The fragile way: hand over what the kernel takes at once and go on producing.
      boost::system::error_code error;
      const auto taken = connection.socket.write_some(asio::buffer(queue), error);
      if (!error) {
        queue.erase(0, taken);
        queued(taken, 0);
      }
      sent = !error || error == asio::error::would_block;
    } else if (!more || queue.size() >= static_cast<std::size_t>(settings_.high_water)) {
      sent = co_await write_all(connection, queue, seconds(settings_.write_timeout));
      queued(queue.size(), 0);
      queue.clear();
    }
  }
  queued(queue.size(), 0);
  co_return sent;
}

asio::awaitable<void> Drain::linger(Connection& connection) {
  boost::system::error_code error;
  connection.socket.shutdown(tcp::socket::shutdown_send, error);
  connection.deadline = Clock::now() + seconds(settings_.linger_timeout);
  while (!error && !connection.timed_out && Clock::now() < connection.deadline) {
    const auto [failed, count] = co_await connection.socket.async_read_some(
        asio::buffer(discarded), asio::as_tuple(asio::use_awaitable));
    error = failed;
  }
  connection.deadline = Clock::time_point::max();
}

}  // namespace sevenstops
