#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/asio.hpp"
#include "base/metrics.hpp"
#include "base/stream.hpp"
#include "http/refusal.hpp"
#include "stops/bytes.hpp"
#include "stops/pace.hpp"
#include "stops/transport.hpp"

namespace sevenstops::stops {

using base::tcp;

/// The transport of HTTP/1: a stream, what was read from it, and when waiting on it is given up.
/// Only accept, the walk, and what stands in this folder know it.
class Connection final : public Bytes, public Transport {
 public:
  /// Told when the connection begins to wait for a request's first byte, and when that has come.
  class Watch {
   public:
    virtual void fell_silent() = 0;
    virtual void spoke() = 0;
    /// It is about to wait for its peer.
    virtual void waits() = 0;

   protected:
    ~Watch() = default;
  };

  explicit Connection(base::Stream stream) : stream_(std::move(stream)) {}

  /// `watch` has to live until it is taken away by nullptr.
  void set_watch(Watch* watch) { watch_ = watch; }
  /// Says that what comes next is a request: it is silent until then.
  void expect_first_byte();
  [[nodiscard]] std::optional<double> slower_than(std::int64_t sent, std::int64_t taken,
                                                  Clock::time_point now) const override;
  [[nodiscard]] bool has_heard() override;
  void leave(bool last) override;
  void close() override;

  [[nodiscard]] std::string_view unread() const override {
    return {buffer_.data() + begin_, end_ - begin_};
  }
  void consume(std::size_t n) override;
  [[nodiscard]] bool secure() const override { return stream_.speaks_tls(); }
  [[nodiscard]] asio::awaitable<Read> more(Clock::time_point deadline,
                                           std::size_t at_most) override;

  /// Bytes that it holds memory for: 512 while it waits for some and has none unread.
  [[nodiscard]] std::size_t held() const { return buffer_.capacity(); }

  /// Hands over what the kernel takes at once: how much, or 0 with `error`.
  [[nodiscard]] std::size_t write_some(std::string_view bytes, boost::system::error_code& error);
  /// Writes all bytes; progress gets `timeout` anew.
  [[nodiscard]] asio::awaitable<http::Outcome<void>> write_all(std::string_view bytes,
                                                               Clock::duration timeout);

  /// With TLS says that nothing more comes, and waits for that to leave, `timeout` at most.
  [[nodiscard]] asio::awaitable<void> say_end(Clock::duration timeout);
  /// Says that nothing more comes, and reads away what the client is still sending, for `timeout`
  /// and `at_most` so many bytes, since a close with unread bytes resets the connection and can
  /// take the answer with it (RFC 9112, 9.6). Nothing is kept of them, nor of what was read before;
  /// `taken` counts them.
  [[nodiscard]] asio::awaitable<void> linger(Clock::duration timeout, std::uint64_t at_most,
                                             base::Counter& taken);

  void give_up_overdue(Clock::time_point now) override;

  [[nodiscard]] base::Stream& stream() { return stream_; }

 private:
  void make_room(std::size_t bytes);
  void append(std::string_view bytes);
  void heard();
  void begin_to_wait(Clock::time_point deadline);

  base::Stream stream_;
  Watch* watch_ = nullptr;
  bool silent_ = false;
  // Until it has been read from.
  bool fresh_ = true;
  Pace pace_;
  bool writing_ = false;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  Clock::time_point deadline_ = Clock::time_point::max();
  bool timed_out_ = false;
};

}  // namespace sevenstops::stops
