#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/asio.hpp"
#include "http/refusal.hpp"
#include "http/response.hpp"

namespace sevenstops::stops {

namespace asio = boost::asio;

/// Bytes that come in pieces.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Appends the next piece; false at the end. A refusal breaks the response off.
  virtual asio::awaitable<http::Outcome<bool>> next(std::string& out) = 0;
};

/// What leaves, whatever the protocol: whole, or streamed when `source` is there.
struct Response {
  unsigned status = 200;
  std::string_view content_type = "text/plain";
  std::string bytes = {};
  std::unique_ptr<ByteSource> source = nullptr;
  /// What else its head says: Allow, Location, Link (RFC 8288), RateLimit, Server-Timing (W3C).
  std::vector<http::ResponseField> fields = {};
  /// With its quotation marks (RFC 9110, 8.8.3); empty: nothing is said.
  std::string entity_tag = {};
  /// As Content-Encoding has it; empty: the bytes are as they are.
  std::string_view coding = {};
  /// Whether Accept-Encoding chose the bytes, which a cache has to know (RFC 9110, 12.5.5).
  bool varies = false;
  /// For 429 and 503, in seconds; 0: nothing is said.
  unsigned retry_after = 0;
};

// Asio keeps the frames of coroutines for the next request up to 1,020 bytes. The largest of those
// that hold a response has 896, and a larger response would have malloc make each.
static_assert(sizeof(Response) <= 160);

}  // namespace sevenstops::stops
