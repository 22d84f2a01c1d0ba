#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/framing.hpp"
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

/// What is let pass although it is stricter to refuse it.
struct Leniency {
  BothFramings both_framings = BothFramings::refuse;
  /// A query may have what browsers send as it is (WHATWG URL, the query percent-encode set),
  /// where RFC 3986 has it escaped.
  bool browser_queries = false;
  /// A target of https may come on a connection without TLS: from a gateway that ends TLS (RFC
  /// 9110, 7.4).
  bool https_without_tls = false;
};

/// Reads a whole head (RFC 9112, 2 to 6) into `request`, whose `head` holds the bytes.
/// Stricter than the RFC where it leaves a choice that two parsers could take differently:
/// its framing as `check_framing` has it, and no obs-fold.
[[nodiscard]] Outcome<void> parse_head(Request& request, const Leniency& leniency = {});

/// Whether it is a token, and of a length that a method may have.
[[nodiscard]] bool valid_method(std::string_view method);

/// What the scheme of a target asks: `http`, or `https` where the connection has TLS (RFC
/// 9110, 7.4).
[[nodiscard]] Outcome<void> check_scheme(const Request& request, std::string_view scheme,
                                         const Leniency& leniency);

/// What is asked of every request whose method, target and fields are there, whatever the protocol:
/// its framing, its host and its target.
[[nodiscard]] Outcome<void> check_message(Request& request, const Leniency& leniency = {});

}  // namespace sevenstops::http
