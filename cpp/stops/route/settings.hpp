#pragma once

#include "base/setting.hpp"

namespace sevenstops::stops {

/// Route: how a path chooses its handler.
struct RouteSettings {
  bool tree = true;
  bool normalize_paths = true;

  bool operator==(const RouteSettings&) const = default;

  template <class Self, class Visit>
  static void fields(Self& s, Visit&& visit) {
    visit("tree", s.tree,
          base::about_switch(
              "radix tree, static before parameter, instead of the first pattern registered"));
    visit("normalize_paths", s.normalize_paths,
          base::about_switch("one normal form for paths; a path that is not in it is brought to it "
                             "before matching"));
  }
};

}  // namespace sevenstops::stops
