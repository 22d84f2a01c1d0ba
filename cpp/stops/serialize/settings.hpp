#pragma once

#include <cstdint>

namespace sevenstops {

/// Serialize: how results become bytes.
struct SerializeSettings {
  std::int64_t page_limit = 100;
  bool compiled = true;

  bool operator==(const SerializeSettings&) const = default;
};

}  // namespace sevenstops
