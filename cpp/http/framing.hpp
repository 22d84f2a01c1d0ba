#pragma once

#include <cstdint>

#include "http/refusal.hpp"
#include "http/request.hpp"

namespace sevenstops::http {

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

/// Asks the request's fields how its body is framed, whom it is for, and whether the connection
/// goes on behind it: one Content-Length of plain digits, or one Transfer-Encoding that is exactly
/// `chunked`, or what `both` says; one valid Host on HTTP/1.1.
[[nodiscard]] Outcome<void> check_framing(Request& request, BothFramings both);

}  // namespace sevenstops::http
