#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/refusal.hpp"
#include "http/request.hpp"

namespace sevenstops::http {

/// What a head may cost before it is refused.
struct HeadLimits {
  /// Bytes of the request line; beyond it 414.
  std::int64_t request_line = 8192;
  /// Bytes of the whole head, request line included; beyond it 431.
  std::int64_t head = 16384;
  /// Header fields; beyond it 431.
  std::int64_t fields = 100;
};

/// Finds the end of a head in bytes that arrive piece by piece, looking at each byte once and
/// refusing as soon as a limit is passed.
class HeadScanner {
 public:
  /// `bytes` is everything held so far. The head's length, terminator included; 0: more is
  /// needed; or a refusal: 414, 431, or 400 for a line that doesn't end in CRLF.
  [[nodiscard]] Outcome<std::size_t> scan(std::string_view bytes, const HeadLimits& limits);

 private:
  std::size_t position_ = 0;
  std::size_t line_start_ = 0;
  std::int64_t lines_ = 0;
};

/// What is done with a head that has Content-Length and Transfer-Encoding (RFC 9112, 6.3).
enum class BothFramings : std::uint8_t {
  /// It is refused with 400.
  refuse,
  /// Transfer-Encoding counts, as the RFC allows.
  chunked,
  /// Content-Length counts, as where a coding is taken for unknown and passed over
  /// (CVE-2024-1135).
  length
};

/// Reads a whole head (RFC 9112, 2 to 6) into `request`, whose `head` holds the bytes.
/// Stricter than the RFC where it leaves a choice that two parsers could take differently:
/// one Content-Length of plain digits, or one Transfer-Encoding that is exactly `chunked`; `both`
/// says what is done where there are both; no obs-fold; exactly one valid Host on HTTP/1.1.
[[nodiscard]] Outcome<void> parse_head(Request& request, BothFramings both = BothFramings::refuse);

/// Whether it is a token, and of a length that a method may have.
[[nodiscard]] bool valid_method(std::string_view method);

/// What is asked of every request whose method, target and fields are there, whatever the protocol:
/// its framing, its host and its target.
[[nodiscard]] Outcome<void> check_message(Request& request,
                                          BothFramings both = BothFramings::refuse);

}  // namespace sevenstops::http
