#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "stops/settings.hpp"

namespace sevenstops::service {

using stops::Settings;

/// The preset that shows every characteristic failure.
[[nodiscard]] Settings fragile();
/// The preset that mends them; also the defaults.
[[nodiscard]] Settings hardened();

/// One documented field: its unit, its range and what it means.
struct FieldInfo {
  std::string name;
  std::string type;
  std::string unit;
  double low = 0;
  double high = 0;
  std::string meaning;
  /// The words that a choice is made of; empty for other fields.
  std::vector<std::string> words;
};

/// Every field's documentation, in walking order.
[[nodiscard]] std::vector<FieldInfo> field_infos();

/// Sets one field from text, e.g. ("parse.header_limit", "16384") or ("route.tree", "false").
/// Throws std::invalid_argument with one sentence for an unknown name, for an old one (naming the
/// new one), a value that does not parse, one out of range, or a word that is none of a choice's.
void set_field(Settings& settings, std::string_view name, std::string_view value);

/// One field as text, in the form that set_field reads. Throws std::invalid_argument.
[[nodiscard]] std::string get_field(const Settings& settings, std::string_view name);

}  // namespace sevenstops::service
