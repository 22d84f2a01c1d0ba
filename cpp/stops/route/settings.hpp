#pragma once

namespace sevenstops {

/// Route: how a path chooses its handler.
struct RouteSettings {
  bool tree = true;
  bool normalize_paths = true;

  bool operator==(const RouteSettings&) const = default;
};

}  // namespace sevenstops
