#pragma once

#include <string_view>

#include "http/characters.hpp"

namespace sevenstops::http {

/// What a trailer may cost; it is dropped.
inline constexpr int trailer_byte_limit = 4096;
inline constexpr int trailer_field_limit = 32;

/// RFC 9110, 6.5.1: framing, routing and authentication never come in a trailer.
[[nodiscard]] constexpr bool may_trail(std::string_view name) {
  return !iequals(name, "content-length") && !iequals(name, "transfer-encoding") &&
         !iequals(name, "host") && !iequals(name, "authorization") && !iequals(name, "trailer");
}

}  // namespace sevenstops::http
