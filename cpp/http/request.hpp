#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"

namespace sevenstops::http {

struct HeaderField {
  std::string_view name;
  std::string_view value;
};

/// One request, whatever the protocol that brought it. The views point into `head`.
struct Request {
  std::string head;
  std::string_view method;
  std::string_view target;
  /// Path and query as written, without scheme and authority.
  std::string_view path;
  std::string_view query;
  int major_version = 1;
  int minor_version = 1;
  std::vector<HeaderField> fields;
  std::optional<std::uint64_t> content_length;
  /// Whether the body's pieces tell its end: chunks, or DATA frames without a Content-Length.
  bool chunked = false;
  /// Whether it came with Content-Length and Transfer-Encoding.
  bool both_framings = false;
  bool keep_alive = true;
  bool expects_continue = false;
  std::string body;
  bool body_read = false;
  /// Whether the connection that brought it speaks TLS.
  bool secure = false;
  /// When the head's first byte was there.
  base::Clock::time_point arrived;

  /// The first field of this name, compared without case; nullptr when there is none.
  [[nodiscard]] const HeaderField* find(std::string_view name) const;
  [[nodiscard]] bool has_body() const { return chunked || content_length.value_or(0) > 0; }
  /// Makes it ready for the next request; small memory is kept for it.
  void clear();
};

}  // namespace sevenstops::http
