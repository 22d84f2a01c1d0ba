#pragma once

#include <functional>
#include <optional>
#include <utility>

#include "http/chunked.hpp"
#include "http/request.hpp"
#include "stops/bytes.hpp"
#include "stops/content.hpp"

namespace sevenstops::stops {

/// The body of an HTTP/1 request: of a declared length, or chunked (RFC 9112, 6 and 7).
class Http1Content final : public Content {
 public:
  using Reserve = std::function<bool(std::uint64_t bytes, std::uint64_t more)>;

  /// Bodies longer than `limit` bytes are refused when so much has come.
  /// `reserve` is asked for room.
  Http1Content(
      Bytes& bytes, std::uint64_t limit,
      Reserve reserve = [](std::uint64_t, std::uint64_t) { return true; },
      const http::ChunkLimits& chunks = {})
      : bytes_(bytes), limit_(limit), reserve_(std::move(reserve)), chunks_(chunks) {}

  void begin(const http::Request& request) override;

  [[nodiscard]] asio::awaitable<http::Outcome<bool>> next(std::string& out,
                                                          Clock::time_point deadline) override;
  [[nodiscard]] bool reserve(std::uint64_t bytes, std::uint64_t more) override {
    return reserve_(bytes, more);
  }
  [[nodiscard]] bool begun() const override { return !bytes_.unread().empty(); }

 private:
  [[nodiscard]] http::Outcome<bool> take(std::string& out);

  Bytes& bytes_;
  std::uint64_t limit_;
  Reserve reserve_;
  http::ChunkLimits chunks_;
  std::uint64_t left_ = 0;
  std::optional<http::ChunkedDecoder> decoder_;
};

}  // namespace sevenstops::stops
