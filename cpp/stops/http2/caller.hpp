#pragma once

#include "stops/caller.hpp"
#include "stops/http2/connection.hpp"

namespace sevenstops::stops {

/// Whoever has sent a request on a stream. One that leaves says so by RST_STREAM, or ends the
/// connection: one that has only closed its side is waiting.
class Http2Caller final : public Caller {
 public:
  Http2Caller(Http2Connection& connection, Http2Stream& stream)
      : connection_(connection), stream_(stream) {}

  [[nodiscard]] asio::awaitable<bool> left() override {
    while (!stream_.closed) {
      const auto [error] = co_await stream_.left.async_wait(base::as_tuple);
      if (error) {
        co_return false;
      }
    }
    co_return true;
  }
  [[nodiscard]] bool closed() override { return stream_.closed || connection_.half_closed(); }
  // Heads have no window, and this one is small: nobody has to wait for it.
  [[nodiscard]] asio::awaitable<bool> interim(unsigned status,
                                              Clock::duration /*timeout*/) override {
    if (!stream_.closed) {
      connection_.session().interim(stream_, status);
      connection_.wake();
    }
    co_return !stream_.closed;
  }

 private:
  Http2Connection& connection_;
  Http2Stream& stream_;
};

}  // namespace sevenstops::stops
