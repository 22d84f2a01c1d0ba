#pragma once

#include <string>

#include "http/refusal.hpp"
#include "http/request.hpp"
#include "stops/match.hpp"
#include "stops/middleware/settings.hpp"

namespace sevenstops::stops {

/// Middleware: the layers between a matched route and its handler; here one, the bearer token.
class Chain {
 public:
  Chain(const MiddlewareSettings& settings, std::string token);

  /// How many layers stand at this moment of the registration.
  [[nodiscard]] int layers() const { return layers_; }
  void add_auth_layer() { ++layers_; }

  /// 401 for a route that is not open and a request without the token. Without
  /// `closed_by_default` a layer guards only the routes registered after it.
  [[nodiscard]] http::Outcome<void> admit(const http::Request& request, const Route& route) const;
  /// Whether the request brings the token; takes as long for every wrong one of its length.
  [[nodiscard]] bool authenticated(const http::Request& request) const;

 private:
  MiddlewareSettings settings_;
  std::string token_;
  int layers_ = 0;
};

}  // namespace sevenstops::stops
