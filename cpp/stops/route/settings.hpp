#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/setting.hpp"

namespace sevenstops::stops {

/// What is done with a path that is not in its normal form.
enum class OddPaths : std::uint8_t {
  /// It is brought to its normal form and matched all the same.
  match,
  /// It is compared as it is.
  raw,
  /// The client is sent to the normal form, with the query as it was (308; RFC 9110, 15.4.9).
  redirect,
  /// It is refused with 400.
  refuse
};

inline constexpr std::array<std::string_view, 4> odd_paths_words = {"match", "raw", "redirect",
                                                                    "refuse"};

/// Route: how a path chooses its handler.
struct RouteSettings {
  bool tree = true;
  OddPaths odd_paths = OddPaths::redirect;

  bool operator==(const RouteSettings&) const = default;

  template <class Self, class Visit>
  static void fields(Self& s, Visit&& visit) {
    visit("tree", s.tree,
          base::about_switch(
              "radix tree, static before parameter before wildcard, instead of the first pattern "
              "registered"));
    visit("odd_paths", s.odd_paths,
          base::about_choice(odd_paths_words,
                             "a path that is not in normal form is brought to it and matched all "
                             "the same, compared as it is, redirected to it (308), or refused "
                             "(400)"));
  }
};

}  // namespace sevenstops::stops
