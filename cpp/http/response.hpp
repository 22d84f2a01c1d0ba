#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sevenstops::http {

/// A field of a response's head.
struct ResponseField {
  std::string_view name;
  std::string value;
};

/// The head of an HTTP/1.1 response.
struct ResponseHead {
  unsigned status = 200;
  std::string_view content_type;
  /// What only some responses say.
  std::span<const ResponseField> fields = {};
  /// Empty or 0: the field is left out.
  std::string_view entity_tag = {};
  std::string_view coding = {};
  bool varies = false;
  unsigned retry_after = 0;
  /// How the body ends (RFC 9112, 6.3): by its length, by chunks, or, without either, by the close.
  std::optional<std::uint64_t> content_length = {};
  bool chunked = false;
  bool keep_alive = true;
  /// 1.0 has to be told that its connection is kept (RFC 9112, 9.3).
  int minor_version = 1;
};

/// Whether a response of this status may have content, and fields that tell of it: interim ones,
/// 204 and 304 have none (RFC 9110, 6.4.1, 8.6).
[[nodiscard]] bool may_have_content(unsigned status);

/// Writes a head, its empty line included.
void append_head(std::string& out, const ResponseHead& head);

/// Writes an interim head (RFC 9110, 15.2), such as 100 or 102.
void append_interim(std::string& out, unsigned status);

/// Writes one chunk (RFC 9112, 7.1); `piece` must not be empty, since that is the last one.
void append_chunk(std::string& out, std::string_view piece);

/// Writes the last chunk and the end of an empty trailer.
void append_last_chunk(std::string& out);

}  // namespace sevenstops::http
