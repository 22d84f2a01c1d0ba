#pragma once

#include <cstdint>
#include <string_view>

#include "http/request.hpp"

namespace sevenstops::http {

/// The content codings that there are here (RFC 9110, 8.4.1; RFC 8878 for zstd).
enum class Coding : std::uint8_t { identity, gzip, zstd };

/// As Content-Encoding has it.
[[nodiscard]] std::string_view name_of(Coding coding);

/// The coding that the client likes best (RFC 9110, 12.5.3); of several that it likes alike, zstd,
/// then gzip. Identity where it says nothing, or takes none of them: an answer that it has not
/// asked for serves it better than none. What can't be read stands for nothing.
[[nodiscard]] Coding preferred_coding(const Request& request);

/// Whether If-None-Match names this entity tag (RFC 9110, 8.8.3, 13.1.2), which comes with its
/// quotation marks, and with W/ where it is weak; compared weakly, and `*` names any. False without
/// the field.
[[nodiscard]] bool none_match_names(const Request& request, std::string_view entity_tag);

/// Whether If-Match is there and does not name it (13.1.1); compared strongly, so that it names no
/// weak one.
[[nodiscard]] bool match_denies(const Request& request, std::string_view entity_tag);

}  // namespace sevenstops::http
