#pragma once

namespace sevenstops {

/// Middleware: what stands between a matched route and its handler.
struct MiddlewareSettings {
  bool closed_by_default = true;
  bool body_after_auth = true;

  bool operator==(const MiddlewareSettings&) const = default;
};

}  // namespace sevenstops
