#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/refusal.hpp"
#include "stops/match.hpp"
#include "stops/route/settings.hpp"

namespace sevenstops::stops {

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

  /// 404 for no pattern, 405 for a pattern with other methods, 400 for a path that has no normal
  /// form, or, as `odd_paths` says, is not in it; there the match may be a location instead of a
  /// route. HEAD takes GET's route (RFC 9110, 9.3.2). OPTIONS is answered with the methods that the
  /// path takes, and for `*` with those of all paths (9.3.7), whoever asks.
  [[nodiscard]] http::Outcome<Match> match(std::string_view method, std::string_view path) const;

 private:
  struct Node;
  [[nodiscard]] http::Outcome<Match> find(std::string_view method, std::string_view path) const;
  [[nodiscard]] http::Outcome<Match> match_tree(std::string_view method,
                                                std::string_view path) const;
  [[nodiscard]] http::Outcome<Match> match_in_order(std::string_view method,
                                                    std::string_view path) const;

  RouteSettings settings_;
  std::vector<std::unique_ptr<Route>> routes_;
  std::string all_methods_;
  std::unique_ptr<Node> root_;
};

/// One normal form (RFC 3986, 6.2.2): unreserved characters decoded, hex digits in upper case, dot
/// segments removed, doubled slashes and a trailing one dropped. False when the path climbs
/// above its root or an escape lacks its two hex digits.
[[nodiscard]] bool normalize_path(std::string_view path, std::string& normal);

}  // namespace sevenstops::stops
