#include "stops/route/router.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include "stops/route/normal_form.hpp"
#include "stops/route/pattern.hpp"

namespace sevenstops::stops {
namespace {

using http::Outcome;
using http::Reason;
using http::Refusal;

Refusal wrong_method(const Route& route) { return {Reason::method_not_allowed, route.allow}; }

// RFC 9110, 9.3, and RFC 5789.
constexpr std::array<std::string_view, 9> standard_methods = {
    "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"};

Match matched(const Route& route, std::string_view parameter) {
  return {.route = &route, .parameter = std::string(parameter)};
}

// The field Allow: HEAD comes with GET, and OPTIONS with any.
template <class Methods>
std::string allowed(const Methods& methods) {
  std::vector<std::string_view> found;
  const auto add = [&](std::string_view method) {
    if (std::ranges::find(found, method) == found.end()) {
      found.push_back(method);
    }
  };
  for (const auto& method : methods) {
    add(method);
    if (method == "GET") {
      add("HEAD");
    }
  }
  add("OPTIONS");
  std::string all;
  for (const auto method : found) {
    all.append(all.empty() ? "" : ", ").append(method);
  }
  return all;
}

}  // namespace

Router::Router(const RouteSettings& settings)
    : settings_(settings), all_methods_(allowed(methods_)) {}

void Router::add(Route route) {
  check_route(route, settings_);
  if (settings_.tree) {
    refuse_ambiguous(route);
  }
  const auto index = static_cast<Index>(routes_.size());
  const auto& added = routes_.emplace_back(std::move(route));
  next_.push_back(RouteTree::none);
  const auto method = method_number(added.method);
  if (method == methods_.size()) {
    methods_.push_back(added.method);
    all_methods_ = allowed(methods_);
  }
  const auto node = tree_.make(added.pattern);
  auto last = tree_.value(node).number;
  if (last == RouteTree::none) {
    tree_.set_value(node, {.number = index, .word = method});
  } else {
    while (next_[last] != RouteTree::none) {
      last = next_[last];
    }
    next_[last] = index;
  }
  say_allowed(tree_.value(node).number);
}

void Router::refuse_ambiguous(const Route& route) const {
  const auto node = tree_.node_of(route.pattern);
  if (node == RouteTree::none) {
    return;
  }
  for (auto i = tree_.value(node).number; i != RouteTree::none; i = next_[i]) {
    if (routes_[i].method == route.method) {
      throw std::invalid_argument("route " + route.method + " " + route.pattern +
                                  " matches the same requests as " + routes_[i].method + " " +
                                  routes_[i].pattern);
    }
  }
}

void Router::say_allowed(Index first) {
  std::vector<std::string_view> methods;
  for (auto i = first; i != RouteTree::none; i = next_[i]) {
    methods.push_back(routes_[i].method);
  }
  const auto allow = allowed(methods);
  for (auto i = first; i != RouteTree::none; i = next_[i]) {
    routes_[i].allow = allow;
  }
}

std::uint32_t Router::method_number(std::string_view method) const {
  const auto found = std::ranges::find(methods_, method);
  return static_cast<std::uint32_t>(found - methods_.begin());
}

Outcome<Match> Router::match(std::string_view method, std::string_view path) const {
  if (method == "HEAD") {
    method = "GET";
  }
  if (path == "*") {
    return Match{.route = nullptr, .parameter = {}, .allow = all_methods_};
  }
  if (!path.starts_with('/')) {
    return Reason::no_route;
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
  if (!match && match.error().reason == Reason::method_not_allowed && !knows(method)) {
    return Reason::method_unknown;
  }
  return match;
}

bool Router::knows(std::string_view method) const {
  return std::ranges::find(standard_methods, method) != standard_methods.end() ||
         method_number(method) < methods_.size();
}

Outcome<Match> Router::match_tree(std::string_view method, std::string_view path) const {
  std::string_view parameter;
  const auto first = tree_.find(path, parameter);
  if (first.number == RouteTree::none) {
    return Reason::no_route;
  }
  if (methods_[first.word] == method) {
    return matched(routes_[first.number], parameter);
  }
  for (auto i = next_[first.number]; i != RouteTree::none; i = next_[i]) {
    if (routes_[i].method == method) {
      return matched(routes_[i], parameter);
    }
  }
  return wrong_method(routes_[first.number]);
}

Outcome<Match> Router::match_in_order(std::string_view method, std::string_view path) const {
  const Route* other_method = nullptr;
  for (const auto& route : routes_) {
    std::string_view parameter;
    if (!matches(route.pattern, path, parameter)) {
      continue;
    }
    if (route.method == method) {
      return matched(route, parameter);
    }
    other_method = &route;
  }
  return other_method != nullptr ? wrong_method(*other_method) : Refusal(Reason::no_route);
}

}  // namespace sevenstops::stops
