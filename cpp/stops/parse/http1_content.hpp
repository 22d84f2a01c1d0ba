#pragma once

#include <optional>

#include "http/chunked.hpp"
#include "http/request.hpp"
#include "stops/bytes.hpp"
#include "stops/content.hpp"

namespace sevenstops::stops {

/// The body of an HTTP/1 request: of a declared length, or chunked (RFC 9112, 6 and 7).
class Http1Content final : public Content {
 public:
  /// Bodies longer than `limit` bytes are refused when so much has come.
  Http1Content(Bytes& bytes, std::uint64_t limit) : bytes_(bytes), limit_(limit) {}

  void begin(const http::Request& request) override;

  [[nodiscard]] asio::awaitable<http::Outcome<bool>> next(std::string& out,
                                                          Clock::time_point deadline) override;
  [[nodiscard]] bool begun() const override { return !bytes_.unread().empty(); }

 private:
  void append(std::string& out, std::string_view piece) const;
  [[nodiscard]] http::Outcome<bool> take(std::string& out);

  Bytes& bytes_;
  std::uint64_t limit_;
  std::uint64_t left_ = 0;
  std::optional<http::ChunkedDecoder> decoder_;
};

}  // namespace sevenstops::stops
