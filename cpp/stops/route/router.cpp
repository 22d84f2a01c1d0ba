#include "stops/route/router.hpp"

#include <algorithm>
#include <map>
#include <stdexcept>

#include "http/characters.hpp"

namespace sevenstops::stops {
namespace {

using http::Outcome;
using http::Reason;
using http::Refusal;

bool is_parameter(std::string_view segment) { return segment.starts_with('{'); }

// The next segment of "/a/b"; takes it and its slash off `rest`.
std::string_view next_segment(std::string_view& rest) {
  rest.remove_prefix(1);
  const auto slash = std::min(rest.find('/'), rest.size());
  const auto segment = rest.substr(0, slash);
  rest.remove_prefix(slash);
  return segment;
}

bool matches(std::string_view pattern, std::string_view path, std::string& parameter) {
  while (pattern.starts_with('/') && path.starts_with('/')) {
    const auto expected = next_segment(pattern);
    const auto segment = next_segment(path);
    if (is_parameter(expected) && !segment.empty()) {
      parameter = segment;
    } else if (expected != segment) {
      return false;
    }
  }
  return pattern.empty() && path.empty();
}

// Whether a path has anything that a normal form may lack.
bool may_be_odd(std::string_view path) {
  constexpr auto none = std::string_view::npos;
  return path.find("//") != none || path.find('%') != none || path.find("/.") != none ||
         (path.size() > 1 && path.ends_with('/'));
}

Refusal wrong_method(const Route& route) { return {Reason::method_not_allowed, route.allow}; }

// The field Allow for routes: HEAD comes with GET, and OPTIONS with any.
template <class Routes>
std::string allowed(const Routes& routes) {
  std::vector<std::string_view> methods;
  const auto add = [&](std::string_view method) {
    if (std::ranges::find(methods, method) == methods.end()) {
      methods.push_back(method);
    }
  };
  for (const auto& route : routes) {
    add(route->method);
    if (route->method == "GET") {
      add("HEAD");
    }
  }
  add("OPTIONS");
  std::string all;
  for (const auto method : methods) {
    all.append(all.empty() ? "" : ", ").append(method);
  }
  return all;
}

}  // namespace

bool normalize_path(std::string_view path, std::string& normal) {
  std::string decoded;
  decoded.reserve(path.size());
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] != '%') {
      decoded.push_back(path[i]);
      continue;
    }
    const int high = i + 2 < path.size() ? http::hex_value(path[i + 1]) : -1;
    const int low = i + 2 < path.size() ? http::hex_value(path[i + 2]) : -1;
    if (high < 0 || low < 0) {
      return false;
    }
    const int byte = high * 16 + low;
    if (http::in(http::unreserved_characters, static_cast<char>(byte))) {
      decoded.push_back(static_cast<char>(byte));
    } else {
      constexpr std::string_view digits = "0123456789ABCDEF";
      decoded.push_back('%');
      decoded.push_back(digits[static_cast<std::size_t>(byte >> 4)]);
      decoded.push_back(digits[static_cast<std::size_t>(byte & 15)]);
    }
    i += 2;
  }
  normal.clear();
  std::string_view rest = decoded;
  while (rest.starts_with('/')) {
    const auto segment = next_segment(rest);
    if (segment.empty() || segment == ".") {
      continue;
    }
    if (segment == "..") {
      if (normal.empty()) {
        return false;
      }
      normal.resize(normal.rfind('/'));
      continue;
    }
    normal.push_back('/');
    normal.append(segment);
  }
  if (normal.empty()) {
    normal.push_back('/');
  }
  return true;
}

struct Router::Node {
  std::map<std::string, std::unique_ptr<Node>, std::less<>> fixed;
  std::unique_ptr<Node> parameter;
  std::vector<Route*> routes;

  // The node that a path ends at: static before parameter, going back where static led nowhere.
  const Node* walk(std::string_view path, std::string& value) const {
    if (path.empty() || path == "/") {
      return routes.empty() ? nullptr : this;
    }
    const auto segment = next_segment(path);
    if (const auto found = fixed.find(segment); found != fixed.end()) {
      if (const auto* end = found->second->walk(path, value); end != nullptr) {
        return end;
      }
    }
    if (!parameter || segment.empty()) {
      return nullptr;
    }
    const auto* end = parameter->walk(path, value);
    if (end != nullptr) {
      value = segment;
    }
    return end;
  }

  const Route* find(std::string_view method) const {
    const auto found = std::ranges::find(routes, method, &Route::method);
    return found == routes.end() ? nullptr : *found;
  }
};

Router::Router(const RouteSettings& settings)
    : settings_(settings), root_(std::make_unique<Node>()) {}
Router::~Router() = default;
Router::Router(Router&&) noexcept = default;

void Router::add(Route route) {
  routes_.push_back(std::make_unique<Route>(std::move(route)));
  auto* added = routes_.back().get();
  Node* node = root_.get();
  for (std::string_view rest = added->pattern; rest.starts_with('/');) {
    const auto segment = next_segment(rest);
    auto& child = is_parameter(segment) ? node->parameter : node->fixed[std::string(segment)];
    if (!child) {
      child = std::make_unique<Node>();
    }
    node = child.get();
  }
  if (settings_.tree && node->find(added->method) != nullptr) {
    throw std::invalid_argument("route " + added->method + " " + added->pattern +
                                " matches the same requests as an earlier one");
  }
  node->routes.push_back(added);
  const auto allow = allowed(node->routes);
  all_methods_ = allowed(routes_);
  for (auto* each : node->routes) {
    each->allow = allow;
  }
}

Outcome<Match> Router::match(std::string_view method, std::string_view path) const {
  if (method == "HEAD") {
    method = "GET";
  }
  if (path == "*") {
    return Match{.route = nullptr, .parameter = {}, .allow = all_methods_};
  }
  std::string normal;
  if (settings_.odd_paths != OddPaths::raw && may_be_odd(path)) {
    if (!normalize_path(path, normal)) {
      return Reason::path_form;
    }
    if (normal != path && settings_.odd_paths == OddPaths::refuse) {
      return Reason::odd_path;
    }
    if (normal != path && settings_.odd_paths == OddPaths::redirect) {
      return Match{.route = nullptr, .parameter = {}, .location = std::move(normal)};
    }
    const bool odd = normal != path;
    auto match = find(method, normal);
    if (match) {
      match->odd = odd;
    }
    return match;
  }
  return find(method, path);
}

Outcome<Match> Router::find(std::string_view method, std::string_view path) const {
  auto match = settings_.tree ? match_tree(method, path) : match_in_order(method, path);
  // No route is registered for it: what others would be refused with is its answer.
  if (method == "OPTIONS" && !match && match.error().reason == Reason::method_not_allowed) {
    return Match{.route = nullptr, .parameter = {}, .allow = match.error().allow};
  }
  return match;
}

Outcome<Match> Router::match_tree(std::string_view method, std::string_view path) const {
  Match match;
  const Node* node = root_->walk(path, match.parameter);
  if (node == nullptr) {
    return Reason::no_route;
  }
  match.route = node->find(method);
  if (match.route == nullptr) {
    return wrong_method(*node->routes.front());
  }
  return match;
}

Outcome<Match> Router::match_in_order(std::string_view method, std::string_view path) const {
  const Route* other_method = nullptr;
  for (const auto& route : routes_) {
    Match match;
    if (!matches(route->pattern, path, match.parameter)) {
      continue;
    }
    if (route->method == method) {
      match.route = route.get();
      return match;
    }
    other_method = route.get();
  }
  return other_method != nullptr ? wrong_method(*other_method) : Refusal(Reason::no_route);
}

}  // namespace sevenstops::stops
