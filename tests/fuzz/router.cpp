#include "stops/route/router.hpp"

#include <optional>
#include <stdexcept>

#include "promise.hpp"
#include "stops/route/normal_form.hpp"
#include "stops/route/pattern.hpp"
#include "targets.hpp"

namespace sevenstops::fuzz {
namespace {

using namespace stops;

constexpr int most_routes = 32;
constexpr int most_requests = 32;

std::string_view next_line(std::string_view& rest) {
  const auto end = rest.find('\n');
  const auto line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return line;
}

struct Line {
  std::string_view method;
  std::string_view path;
};

Line parted(std::string_view line) {
  const auto space = line.find(' ');
  return space == std::string_view::npos ? Line{"GET", line}
                                         : Line{line.substr(0, space), line.substr(space + 1)};
}

bool added(Router& router, const Line& line) {
  try {
    router.add({.method = std::string(line.method), .pattern = std::string(line.path)});
  } catch (const std::invalid_argument&) {
    return false;
  }
  return true;
}

// Whether a pattern stands behind another one that matches the same path.
bool less_specific(std::string_view pattern, std::string_view than) {
  while (!pattern.empty() && !than.empty()) {
    const auto kind = kind_of(next_segment(pattern));
    const auto other = kind_of(next_segment(than));
    if (kind != other) {
      return kind > other;
    }
  }
  return false;
}

void check_route_of(const Router& router, const Match& match, const Line& asked,
                    const RouteSettings& settings) {
  std::string path(asked.path);
  std::string normal;
  if (match.odd) {
    require(normalize_path(path, normal) && normal != path, "what is odd isn't normal");
    path = normal;
  }
  std::string_view parameter;
  require(matches(match.route->pattern, path, parameter), "a route matches its requests");
  require(parameter == match.parameter, "a parameter is what the path has in its place");
  require(match.route->method == (asked.method == "HEAD" ? "GET" : asked.method),
          "a route has its request's method");
  for (const auto& route : router.routes()) {
    if (settings.tree && matches(route.pattern, path, parameter)) {
      require(!less_specific(match.route->pattern, route.pattern),
              "of the routes that match, the most specific is chosen");
    }
  }
}

void ask(const Router& router, const Line& asked, const RouteSettings& settings) {
  const auto match = router.match(asked.method, asked.path);
  if (!match) {
    require((match.error().status() == 405) == !match.error().allow.empty(),
            "405 says the methods, and nothing else does");
    return;
  }
  if (!match->location.empty()) {
    std::string again;
    require(normalize_path(match->location, again) && again == match->location,
            "a location is in normal form");
    require(!match->location.starts_with("//"), "a location stays on its host");
    return;
  }
  if (match->route != nullptr) {
    check_route_of(router, *match, asked, settings);
  } else {
    require(
        match->allow.ends_with("OPTIONS") || match->allow.find("OPTIONS, ") != match->allow.npos,
        "what has no route says the methods");
  }
}

}  // namespace

void router(std::span<const std::uint8_t> bytes) {
  const auto text = text_of(bytes);
  std::string_view rest = text;
  if (rest.empty()) {
    return;
  }
  const auto odd_paths = static_cast<OddPaths>(static_cast<unsigned char>(rest.front()) % 4);
  rest.remove_prefix(1);
  const RouteSettings by_tree{.tree = true, .odd_paths = odd_paths};
  const RouteSettings by_order{.tree = false, .odd_paths = odd_paths};
  Router tree(by_tree);
  Router order(by_order);
  auto line = next_line(rest);
  for (int i = 0; i < most_routes && !line.empty(); ++i, line = next_line(rest)) {
    if (added(tree, parted(line))) {
      require(added(order, parted(line)), "the order of registration takes what the tree does");
    }
  }
  for (int i = 0; i < most_requests && !rest.empty(); ++i) {
    const auto asked = parted(next_line(rest));
    ask(tree, asked, by_tree);
    ask(order, asked, by_order);
    const auto missed = [&](const Router& router) {
      const auto match = router.match(asked.method, asked.path);
      return match ? std::nullopt : std::optional(match.error().reason == http::Reason::no_route);
    };
    require(missed(tree).value_or(false) == missed(order).value_or(false),
            "tree and order of registration find no route for the same paths");
  }
}

}  // namespace sevenstops::fuzz
