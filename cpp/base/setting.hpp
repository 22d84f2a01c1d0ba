#pragma once

#include <span>
#include <string_view>

namespace sevenstops::base {

/// What people have to know of a setting. A struct of settings has a function
/// `fields(settings, visit)` that calls `visit(name, field, about)` for each, and
/// `group(name, settings)` for a struct of settings within it.
struct About {
  /// "bytes", "seconds", …; empty for a switch or a share.
  std::string_view unit;
  double low = 0;
  double high = 1;
  std::string_view meaning;
  /// The words that a choice is made of, in the order of its enumeration; empty for other fields.
  std::span<const std::string_view> words = {};
};

/// A switch: true or false.
[[nodiscard]] constexpr About about_switch(std::string_view meaning) {
  return {.unit = "", .low = 0, .high = 1, .meaning = meaning};
}

/// One of several words; the field is an enumeration, and the words are in its order.
[[nodiscard]] constexpr About about_choice(std::span<const std::string_view> words,
                                           std::string_view meaning) {
  return {.unit = "",
          .low = 0,
          .high = static_cast<double>(words.size()) - 1,
          .meaning = meaning,
          .words = words};
}

inline constexpr double hour = 3600;
inline constexpr double gibibyte = 1024.0 * 1024 * 1024;

}  // namespace sevenstops::base
