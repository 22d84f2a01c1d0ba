#pragma once

#include <string>
#include <string_view>

namespace sevenstops::stops {

/// One normal form (RFC 3986, 6.2.2): unreserved characters decoded, hex digits in upper case, dot
/// segments removed, doubled slashes and a trailing one dropped. False when the path climbs
/// above its root or an escape lacks its two hex digits.
[[nodiscard]] bool normalize_path(std::string_view path, std::string& normal);

/// Whether a path has anything that its normal form may lack.
[[nodiscard]] bool may_be_odd(std::string_view path);

}  // namespace sevenstops::stops
