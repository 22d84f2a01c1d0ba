#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/asio.hpp"
#include "base/metrics.hpp"
#include "http/refusal.hpp"
#include "stops/bytes.hpp"

namespace sevenstops::stops {

using base::tcp;

/// The transport of HTTP/1: a socket, what was read from it, and when waiting on it is given up.
/// Only accept, the walk, and what stands in this folder know it.
class Connection final : public Bytes {
 public:
  explicit Connection(tcp::socket socket) : socket_(std::move(socket)) {}

  [[nodiscard]] std::string_view unread() const override {
    return {buffer_.data() + begin_, end_ - begin_};
  }
  void consume(std::size_t n) override;
  [[nodiscard]] asio::awaitable<Read> more(Clock::time_point deadline,
                                           std::size_t at_most) override;

  /// Bytes that it holds memory for.
  [[nodiscard]] std::size_t held() const { return buffer_.capacity(); }

  /// Hands over what the kernel takes at once: how much, or 0 with `error`.
  [[nodiscard]] std::size_t write_some(std::string_view bytes, boost::system::error_code& error);
  /// Writes all bytes; progress gets `timeout` anew.
  [[nodiscard]] asio::awaitable<http::Outcome<void>> write_all(std::string_view bytes,
                                                               Clock::duration timeout);

  /// Says that nothing more comes, and reads away what the client is still sending, for `timeout`
  /// and `at_most` so many bytes, since a close with unread bytes resets the connection and can
  /// take the answer with it (RFC 9112, 9.6). Nothing is kept of them, nor of what was read before;
  /// `taken` counts them.
  [[nodiscard]] asio::awaitable<void> linger(Clock::duration timeout, std::uint64_t at_most,
                                             base::Counter& taken);

  /// Ends the read or write under way when its deadline has passed. Called now and then by the I/O
  /// thread, so that a deadline costs no system call.
  void give_up_overdue(Clock::time_point now);

  [[nodiscard]] tcp::socket& socket() { return socket_; }

 private:
  void reserve(std::size_t n);

  tcp::socket socket_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  Clock::time_point deadline_ = Clock::time_point::max();
  bool timed_out_ = false;
};

}  // namespace sevenstops::stops
