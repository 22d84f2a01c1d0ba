#pragma once

#include <cstdint>
#include <string_view>

#include "stops/match.hpp"
#include "stops/route/settings.hpp"

namespace sevenstops::stops {

/// What a segment of a pattern matches.
enum class SegmentKind : std::uint8_t {
  /// Itself.
  fixed,
  /// `{name}`: any one segment that isn't empty.
  parameter,
  /// `{name...}`, as the last one: the rest of the path, slashes included, at least one character.
  wildcard
};

[[nodiscard]] SegmentKind kind_of(std::string_view segment);

/// The next segment of "/a/b"; takes it and its slash off `rest`.
[[nodiscard]] std::string_view next_segment(std::string_view& rest);

/// Throws std::invalid_argument, naming the route, for one that no request could match: a method
/// that is no token, or HEAD; a pattern without a slash in front; a brace elsewhere than around a
/// segment's name; a wildcard that isn't last; a pattern that isn't in normal form where all paths
/// are brought to it.
void check_route(const Route& route, const RouteSettings& settings);

/// Whether a path matches a pattern that has been checked. `parameter` is the value of the last
/// parameter or wildcard, if there is any.
[[nodiscard]] bool matches(std::string_view pattern, std::string_view path,
                           std::string_view& parameter);

}  // namespace sevenstops::stops
