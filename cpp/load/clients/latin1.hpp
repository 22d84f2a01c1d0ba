#pragma once

#include <string>
#include <string_view>

namespace sevenstops::load {

/// The bytes that a plan's text stands for: plans are text, and each character up to U+00FF stands
/// for one byte.
[[nodiscard]] inline std::string latin1(std::string_view utf8) {
  std::string bytes;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto c = static_cast<unsigned char>(utf8[i]);
    const bool two_bytes = (c == 0xc2 || c == 0xc3) && i + 1 < utf8.size();
    bytes.push_back(
        two_bytes ? static_cast<char>(((c & 3) << 6) | (static_cast<unsigned char>(utf8[++i]) & 63))
                  : utf8[i]);
  }
  return bytes;
}

}  // namespace sevenstops::load
