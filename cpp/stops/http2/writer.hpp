#pragma once

#include <string>

#include "stops/http2/connection.hpp"
#include "stops/writer.hpp"

namespace sevenstops::stops {

/// Writes the response of one stream. What it holds leaves as the windows and the socket let it.
class Http2Writer final : public Writer {
 public:
  Http2Writer(Http2Connection& connection, Http2Stream& stream)
      : connection_(connection), stream_(stream) {}

  void head(const Response& response, bool keep_alive) override;
  void piece(std::string_view bytes) override;
  void end() override { stream_.finished = true; }
  /// As HTTP/1.1 would have them, uncompressed and without the heads of frames.
  [[nodiscard]] std::uint64_t framed() const override { return framed_; }
  [[nodiscard]] std::size_t pending() const override { return stream_.pending().size(); }
  [[nodiscard]] bool flush_some() override;
  [[nodiscard]] asio::awaitable<http::Outcome<void>> flush(Clock::duration timeout) override;

 private:
  void hand_over();

  Http2Connection& connection_;
  Http2Stream& stream_;
  std::string head_;
  std::uint64_t framed_ = 0;
};

}  // namespace sevenstops::stops
