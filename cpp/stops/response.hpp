#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/asio.hpp"
#include "http/refusal.hpp"

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
  /// For 405: the methods that there are; empty otherwise.
  std::string_view allow = {};
  /// For 308: the path and query where it is; empty otherwise.
  std::string location = {};
  /// Where the next page is, for a field Link (RFC 8288); empty: there is none.
  std::string next = {};
  /// With its quotation marks (RFC 9110, 8.8.3); empty: nothing is said.
  std::string entity_tag = {};
  /// As Content-Encoding has it; empty: the bytes are as they are.
  std::string_view coding = {};
  /// Whether Accept-Encoding chose the bytes, which a cache has to know (RFC 9110, 12.5.5).
  bool varies = false;
  /// For 429 and 503, in seconds; 0: nothing is said.
  unsigned retry_after = 0;
  /// The values of RateLimit-Policy and RateLimit; empty: nothing is said. The policy lives as long
  /// as the chain.
  std::string_view rate_policy = {};
  std::string rate_standing = {};
  /// The value of Server-Timing (W3C); empty: nothing is said.
  std::string server_timing = {};
};

}  // namespace sevenstops::stops
