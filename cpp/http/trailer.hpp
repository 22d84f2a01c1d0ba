#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "http/characters.hpp"

namespace sevenstops::http {

/// What a trailer may cost; it is dropped.
struct TrailerLimits {
  std::int64_t bytes = 4096;
  std::int64_t fields = 32;
};

/// RFC 9110, 6.5.1: framing, routing, authentication, what a request asks for and how its content
/// is read never come in a trailer.
[[nodiscard]] constexpr bool may_trail(std::string_view name) {
  constexpr std::array<std::string_view, 13> never = {"authorization",
                                                      "connection",
                                                      "content-encoding",
                                                      "content-length",
                                                      "content-range",
                                                      "content-type",
                                                      "expect",
                                                      "host",
                                                      "max-forwards",
                                                      "range",
                                                      "proxy-authorization",
                                                      "trailer",
                                                      "transfer-encoding"};
  return std::ranges::none_of(never, [&](std::string_view one) { return iequals(name, one); });
}

}  // namespace sevenstops::http
