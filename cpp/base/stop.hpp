#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sevenstops::base {

/// The seven stops of a request, in walking order.
enum class Stop : std::uint8_t { accept, parse, route, middleware, handle, serialize, drain };

inline constexpr std::array<std::string_view, 7> stop_names = {
    "accept", "parse", "route", "middleware", "handle", "serialize", "drain"};

[[nodiscard]] constexpr std::size_t index(Stop stop) { return static_cast<std::size_t>(stop); }

}  // namespace sevenstops::base
