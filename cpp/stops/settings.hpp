#pragma once

#include "stops/accept/settings.hpp"
#include "stops/drain/settings.hpp"
#include "stops/handle/settings.hpp"
#include "stops/middleware/settings.hpp"
#include "stops/parse/settings.hpp"
#include "stops/route/settings.hpp"
#include "stops/serialize/settings.hpp"

namespace sevenstops::stops {

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

  template <class Self, class Visit>
  static void fields(Self& s, Visit&& visit) {
    visit.group("accept", s.accept);
    visit.group("parse", s.parse);
    visit.group("route", s.route);
    visit.group("middleware", s.middleware);
    visit.group("handle", s.handle);
    visit.group("serialize", s.serialize);
    visit.group("drain", s.drain);
  }
};

}  // namespace sevenstops::stops
