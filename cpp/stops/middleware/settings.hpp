#pragma once

#include "base/setting.hpp"

namespace sevenstops::stops {

/// Middleware: what stands between a matched route and its handler.
struct MiddlewareSettings {
  bool closed_by_default = true;
  bool body_after_auth = true;

  bool operator==(const MiddlewareSettings&) const = default;

  template <class Self, class Visit>
  static void fields(Self& s, Visit&& visit) {
    visit("closed_by_default", s.closed_by_default,
          base::about_switch("every layer guards every route unless the route is declared open"));
    visit("body_after_auth", s.body_after_auth,
          base::about_switch("read a body only for requests that were admitted"));
  }
};

}  // namespace sevenstops::stops
