#include "stops/route/pattern.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "http/characters.hpp"
#include "stops/route/normal_form.hpp"

namespace sevenstops::stops {
namespace {

constexpr std::string_view rest_mark = "...";

// What stands between the braces, without the dots of a wildcard.
std::string_view name_of(std::string_view segment) {
  segment.remove_prefix(1);
  if (segment.ends_with('}')) {
    segment.remove_suffix(1);
  }
  if (segment.ends_with(rest_mark)) {
    segment.remove_suffix(rest_mark.size());
  }
  return segment;
}

bool valid_name(std::string_view name) {
  constexpr auto letters = http::alphanumerics_and("_");
  return !name.empty() && http::all_in(letters, name);
}

const char* wrong_in(std::string_view pattern) {
  if (!pattern.starts_with('/')) {
    return "has no slash in front";
  }
  while (!pattern.empty()) {
    const auto segment = next_segment(pattern);
    const auto kind = kind_of(segment);
    if (kind == SegmentKind::fixed && segment.find_first_of("{}") != std::string_view::npos) {
      return "has a brace within a segment";
    }
    if (kind != SegmentKind::fixed && (!segment.ends_with('}') || !valid_name(name_of(segment)))) {
      return "has a parameter without a name of letters, digits and underscores";
    }
    if (kind == SegmentKind::wildcard && !pattern.empty()) {
      return "goes on after its wildcard";
    }
  }
  return nullptr;
}

}  // namespace

SegmentKind kind_of(std::string_view segment) {
  if (!segment.starts_with('{')) {
    return SegmentKind::fixed;
  }
  return segment.ends_with("...}") ? SegmentKind::wildcard : SegmentKind::parameter;
}

std::string_view next_segment(std::string_view& rest) {
  rest.remove_prefix(1);
  const auto slash = std::min(rest.find('/'), rest.size());
  const auto segment = rest.substr(0, slash);
  rest.remove_prefix(slash);
  return segment;
}

void check_route(const Route& route, const RouteSettings& settings) {
  const auto refuse = [&](const std::string& why) {
    throw std::invalid_argument("route " + route.method + " " + route.pattern + " " + why);
  };
  if (route.method.empty() || !http::all_in(http::token_characters, route.method)) {
    refuse("has no method that could be asked for");
  }
  if (route.method == "HEAD") {
    refuse("would never be asked: HEAD takes the route of GET");
  }
  if (const char* wrong = wrong_in(route.pattern)) {
    refuse(wrong);
  }
  std::string normal;
  if (settings.odd_paths != OddPaths::raw &&
      (!normalize_path(route.pattern, normal) || normal != route.pattern)) {
    refuse("is not in normal form, as all paths are");
  }
}

bool matches(std::string_view pattern, std::string_view path, std::string_view& parameter) {
  while (pattern.starts_with('/') && path.starts_with('/')) {
    const auto rest = path.substr(1);
    const auto expected = next_segment(pattern);
    const auto segment = next_segment(path);
    switch (kind_of(expected)) {
      case SegmentKind::fixed:
        if (expected != segment) {
          return false;
        }
        break;
      case SegmentKind::parameter:
        if (segment.empty()) {
          return false;
        }
        parameter = segment;
        break;
      case SegmentKind::wildcard:
        parameter = rest;
        return !rest.empty();
    }
  }
  return pattern.empty() && path.empty();
}

}  // namespace sevenstops::stops
