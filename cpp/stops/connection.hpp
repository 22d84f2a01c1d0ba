#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "stops/metrics.hpp"
#include "http/request.hpp"

namespace sevenstops {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using Clock = std::chrono::steady_clock;

[[nodiscard]] inline Clock::duration seconds(double s) {
  return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(s));
}

/// How long a request was in each stop; nothing for a stop that it has not left.
using Timings = std::array<std::optional<Clock::duration>, stop_names.size()>;

/// One accepted connection and the bytes read from it that no request has used yet.
struct Connection {
  tcp::socket socket;
  std::vector<char> buffer;
  std::size_t begin = 0;
  std::size_t end = 0;
  Request request;
  std::string out;
  /// When the read or write under way is given up; checked by a sweep of the I/O thread, so that
  /// a deadline costs no system call.
  Clock::time_point deadline = Clock::time_point::max();
  bool timed_out = false;
  Timings timings;

  explicit Connection(tcp::socket s) : socket(std::move(s)) {}

  [[nodiscard]] std::string_view unread() const { return {buffer.data() + begin, end - begin}; }
  void consume(std::size_t n) {
    begin += n;
    if (begin == end) {
      begin = end = 0;
    }
  }
  /// Room for at least `n` more bytes behind `end`.
  void reserve(std::size_t n) {
    if (buffer.size() - end >= n) {
      return;
    }
    if (begin > 0) {
      std::copy(buffer.begin() + static_cast<std::ptrdiff_t>(begin),
                buffer.begin() + static_cast<std::ptrdiff_t>(end), buffer.begin());
      end -= begin;
      begin = 0;
    }
    if (buffer.size() - end < n) {
      buffer.resize(std::max(end + n, buffer.size() * 2));
    }
  }
};

/// Reads at least a byte into the room behind the connection's unread bytes. The count; 0 when the
/// peer closed, failed, or the deadline passed (then `timed_out`).
[[nodiscard]] asio::awaitable<std::size_t> read_more(Connection& connection,
                                                     Clock::time_point deadline,
                                                     std::size_t at_most);

/// Writes all bytes; each write that makes progress gets `timeout` anew. False when the peer is
/// gone or took nothing in time.
[[nodiscard]] asio::awaitable<bool> write_all(Connection& connection, std::string_view bytes,
                                              Clock::duration timeout);

}  // namespace sevenstops
