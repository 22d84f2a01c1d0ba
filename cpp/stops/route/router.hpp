#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "http/refusal.hpp"
#include "stops/match.hpp"
#include "stops/route/settings.hpp"
#include "stops/route/tree.hpp"

namespace sevenstops::stops {

/// Route: method and path choose one handler. A pattern is `/` or segments with a slash in front of
/// each: a name, which matches itself; `{name}`, which matches any one segment; and as the last
/// `{name...}`, a wildcard, which matches the rest of the path, slashes included. Both need at
/// least one character: `/files/{path...}` matches neither `/files` nor `/files/`.
///
/// With `tree` the path alone chooses the pattern: at the first segment in which two that match
/// differ, a name stands before a parameter, and that before a wildcard, whatever the order of
/// registration. Only then is the method asked for. Without, it is the first route registered that
/// matches both.
class Router {
 public:
  explicit Router(const RouteSettings& settings);

  /// Adds a route. Throws std::invalid_argument for a pattern that says nothing (see check_route),
  /// and, with `tree`, for one that matches the same requests as an earlier one, naming both:
  /// it differs from it in the names of parameters at most. The routes stay as they were then.
  void add(Route route);

  /// 404 for no pattern, 405 for a pattern with other methods, 501 where nobody knows the method
  /// (RFC 9110, 15.6.2), 400 for a path that has no normal form, or, as `odd_paths` says, is not in
  /// it; there the match may be a location instead of a route. HEAD takes GET's route (9.3.2).
  /// OPTIONS is answered with the methods that the path takes, and for `*` with those of all paths
  /// (9.3.7), whoever asks.
  [[nodiscard]] http::Outcome<Match> match(std::string_view method, std::string_view path) const;

  /// In the order of registration.
  [[nodiscard]] const std::deque<Route>& routes() const { return routes_; }

 private:
  using Index = RouteTree::Index;

  void refuse_ambiguous(const Route& route) const;
  void say_allowed(Index first);
  // Its place in `methods_`; their number when it is none of them.
  [[nodiscard]] std::uint32_t method_number(std::string_view method) const;
  // Whether it is a method of HTTP's, or a route has it.
  [[nodiscard]] bool knows(std::string_view method) const;
  [[nodiscard]] http::Outcome<Match> find(std::string_view method, std::string_view path) const;
  [[nodiscard]] http::Outcome<Match> match_tree(std::string_view method,
                                                std::string_view path) const;
  [[nodiscard]] http::Outcome<Match> match_in_order(std::string_view method,
                                                    std::string_view path) const;

  RouteSettings settings_;
  // They stay where they are.
  std::deque<Route> routes_;
  // The next route with the same pattern, for each.
  std::vector<Index> next_;
  std::vector<std::string> methods_;
  std::string all_methods_;
  // Leads to the first route of each pattern, with the number of its method.
  RouteTree tree_;
};

}  // namespace sevenstops::stops
