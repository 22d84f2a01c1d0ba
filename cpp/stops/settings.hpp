#pragma once

#include "stops/accept/settings.hpp"
#include "stops/drain/settings.hpp"
#include "stops/handle/settings.hpp"
#include "stops/middleware/settings.hpp"
#include "stops/parse/settings.hpp"
#include "stops/route/settings.hpp"
#include "stops/serialize/settings.hpp"

namespace sevenstops {

/// The settings of one service: a struct per stop, in walking order.
struct Settings {
  AcceptSettings accept;
  ParseSettings parse;
  RouteSettings route;
  MiddlewareSettings middleware;
  HandleSettings handle;
  SerializeSettings serialize;
  DrainSettings drain;

  bool operator==(const Settings&) const = default;
};

}  // namespace sevenstops
