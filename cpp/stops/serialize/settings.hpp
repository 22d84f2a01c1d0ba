#pragma once

#include <cstdint>

#include "base/setting.hpp"

namespace sevenstops::stops {

/// Serialize: how results become bytes.
struct SerializeSettings {
  std::int64_t page_limit = 100;
  bool compiled = true;

  bool operator==(const SerializeSettings&) const = default;

  template <class Self, class Visit>
  static void fields(Self& s, Visit&& visit) {
    visit("page_limit", s.page_limit,
          {"rows", 1, 1000000,
           "most rows in one answer; a larger limit= is cut to it, and next tells where the rest "
           "is"});
    visit("compiled", s.compiled,
          base::about_switch(
              "serializer compiled from the schema instead of a generic JSON document"));
  }
};

}  // namespace sevenstops::stops
