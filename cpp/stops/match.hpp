#pragma once

#include <string>
#include <string_view>

namespace sevenstops::stops {

struct Endpoint;

/// One registered route.
struct Route {
  std::string method;
  std::string pattern;
  const Endpoint* endpoint = nullptr;
  /// Declared open to callers without a token.
  bool open = true;
  /// Answered whatever the load: a health check that is shed takes the service out of its pool.
  bool vital = false;
  /// How many middleware layers had been registered when this route was.
  int layers_before = 0;
  /// The methods of all routes with this pattern, as the field Allow lists them.
  std::string allow = {};
};

/// What a request matched: the route and the value of its last parameter.
struct Match {
  const Route* route = nullptr;
  std::string parameter;
  /// The path that the client is sent to instead, where there is no route; begins with one slash.
  std::string location = {};
  /// The methods that the path takes, where OPTIONS asked for them; lives as long as the router.
  std::string_view allow = {};
  /// Whether the path matched in another form than its normal one.
  bool odd = false;
};

}  // namespace sevenstops::stops
