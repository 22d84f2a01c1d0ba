#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "stops/handle/result.hpp"
#include "stops/serialize/settings.hpp"

namespace sevenstops {

/// Bytes that come in pieces.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Appends the next piece; false at the end. A refusal breaks the answer off.
  virtual boost::asio::awaitable<Outcome<bool>> next(std::string& out) = 0;
};

/// A result as bytes: whole, or streamed when `source` is there.
struct Body {
  unsigned status = 200;
  std::string_view content_type = "text/plain";
  std::string bytes;
  std::unique_ptr<ByteSource> source;
  /// For 405; empty otherwise.
  std::string_view allow = {};
};

/// Serialize: the result becomes bytes. JSON for pages (generic document or compiled from the
/// schema; the same bytes either way), CSV (RFC 4180) for streams.
[[nodiscard]] Body serialize(Result result, const SerializeSettings& settings);

/// The body of a refusal.
[[nodiscard]] Body serialize(const Refusal& refusal);

}  // namespace sevenstops
