#pragma once

#include <functional>

#include "stops/content.hpp"
#include "stops/http2/connection.hpp"

namespace sevenstops::stops {

/// The body of a stream's request. What is taken of it opens the windows for more.
class Http2Content final : public Content {
 public:
  /// Bodies longer than `limit` bytes are refused when so much has come. `room` is asked for it.
  Http2Content(Http2Connection& connection, Http2Stream& stream, std::uint64_t limit,
               std::function<bool(std::uint64_t, std::uint64_t)> room)
      : connection_(connection), stream_(stream), limit_(limit), room_(std::move(room)) {}

  void begin(const http::Request& /*request*/) override {}
  [[nodiscard]] asio::awaitable<http::Outcome<bool>> next(std::string& out,
                                                          Clock::time_point deadline) override;
  [[nodiscard]] bool reserve(std::uint64_t bytes, std::uint64_t more) override {
    return room_(bytes, more);
  }
  [[nodiscard]] bool begun() const override { return !stream_.in.empty() || stream_.received; }

 private:
  Http2Connection& connection_;
  Http2Stream& stream_;
  std::uint64_t limit_;
  std::function<bool(std::uint64_t, std::uint64_t)> room_;
};

}  // namespace sevenstops::stops
