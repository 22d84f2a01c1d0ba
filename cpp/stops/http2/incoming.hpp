#pragma once

#include "stops/http2/stream.hpp"
#include "stops/incoming.hpp"

namespace sevenstops::stops {

/// The one request of a stream, whose head is whole.
class Http2Incoming final : public Incoming {
 public:
  explicit Http2Incoming(Http2Stream& stream) : stream_(stream) {}

  [[nodiscard]] asio::awaitable<http::Outcome<void>> next(const Parse& /*parse*/,
                                                          http::Request& /*request*/) override {
    co_return stream_.parsed;
  }
  [[nodiscard]] std::size_t held() const override {
    return stream_.in.capacity() + stream_.head.held();
  }

 private:
  Http2Stream& stream_;
};

}  // namespace sevenstops::stops
