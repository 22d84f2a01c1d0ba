#pragma once

#include <charconv>
#include <cmath>
#include <concepts>
#include <optional>
#include <string_view>

namespace sevenstops::base {

/// The whole text as a number; nothing when it is none, has something before or behind it, is out
/// of the type's range, or isn't finite. No sign `+`, no white space.
template <class Number>
requires std::integral<Number> || std::floating_point<Number>
[[nodiscard]] std::optional<Number> parse_number(std::string_view text, int base = 10) {
  Number value{};
  const auto* const end = text.data() + text.size();
  std::from_chars_result read{};
  if constexpr (std::integral<Number>) {
    read = std::from_chars(text.data(), end, value, base);
  } else {
    read = std::from_chars(text.data(), end, value);
    if (!std::isfinite(value)) {
      return std::nullopt;
    }
  }
  if (text.empty() || read.ec != std::errc{} || read.ptr != end) {
    return std::nullopt;
  }
  return value;
}

}  // namespace sevenstops::base
