#pragma once

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
};

/// A switch: true or false.
[[nodiscard]] constexpr About about_switch(std::string_view meaning) {
  return {.unit = "", .low = 0, .high = 1, .meaning = meaning};
}

inline constexpr double hour = 3600;
inline constexpr double gibibyte = 1024.0 * 1024 * 1024;

}  // namespace sevenstops::base
