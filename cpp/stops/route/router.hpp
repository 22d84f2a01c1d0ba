#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/refusal.hpp"
#include "stops/route/settings.hpp"

namespace sevenstops {

enum class Endpoint { healthz, user_me, user, wipe, echo, orders, report, page, export_csv };
[[nodiscard]] std::string_view endpoint_name(Endpoint endpoint);

/// One registered route.
struct Route {
  std::string method;
  std::string pattern;
  Endpoint endpoint;
  /// Declared open to callers without a token.
  bool open = true;
  /// How many middleware layers had been registered when this route was.
  int layers_before = 0;
  /// The methods of all routes with this pattern, as the field Allow lists them.
  std::string allow = {};
};

/// What a request matched: the route and its parameters' values.
struct Match {
  const Route* route = nullptr;
  std::string parameter;
};

/// Route: method and path choose one handler.
class Router {
 public:
  explicit Router(const RouteSettings& settings);
  ~Router();
  Router(Router&&) noexcept;
  Router& operator=(Router&&) = delete;

  /// Adds a route. With `tree`, throws std::invalid_argument for a pattern that could match the
  /// same requests as an earlier one.
  void add(Route route);

  /// 404 for no pattern, 405 for a pattern with other methods, 400 for a path that has no
  /// normal form. HEAD takes GET's route (RFC 9110, 9.3.2).
  [[nodiscard]] Outcome<Match> match(std::string_view method, std::string_view path) const;

 private:
  struct Node;
  [[nodiscard]] Outcome<Match> match_tree(std::string_view method, std::string_view path) const;
  [[nodiscard]] Outcome<Match> match_in_order(std::string_view method, std::string_view path) const;

  RouteSettings settings_;
  std::vector<std::unique_ptr<Route>> routes_;
  std::unique_ptr<Node> root_;
};

/// One normal form (RFC 3986, 6.2.2): unreserved characters decoded, hex digits in upper case, dot
/// segments removed, doubled slashes and a trailing one dropped. False when the path climbs
/// above its root or an escape lacks its two hex digits.
[[nodiscard]] bool normalize_path(std::string_view path, std::string& normal);

}  // namespace sevenstops
