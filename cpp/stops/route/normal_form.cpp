#include "stops/route/normal_form.hpp"

#include "http/characters.hpp"
#include "stops/route/pattern.hpp"

namespace sevenstops::stops {

bool normalize_path(std::string_view path, std::string& normal) {
  std::string decoded;
  decoded.reserve(path.size());
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] != '%') {
      decoded.push_back(path[i]);
      continue;
    }
    const int high = i + 2 < path.size() ? http::hex_value(path[i + 1]) : -1;
    const int low = i + 2 < path.size() ? http::hex_value(path[i + 2]) : -1;
    if (high < 0 || low < 0) {
      return false;
    }
    const int byte = high * 16 + low;
    if (http::in(http::unreserved_characters, static_cast<char>(byte))) {
      decoded.push_back(static_cast<char>(byte));
    } else {
      constexpr std::string_view digits = "0123456789ABCDEF";
      decoded.push_back('%');
      decoded.push_back(digits[static_cast<std::size_t>(byte >> 4)]);
      decoded.push_back(digits[static_cast<std::size_t>(byte & 15)]);
    }
    i += 2;
  }
  normal.clear();
  std::string_view rest = decoded;
  while (rest.starts_with('/')) {
    const auto segment = next_segment(rest);
    if (segment.empty() || segment == ".") {
      continue;
    }
    if (segment == "..") {
      if (normal.empty()) {
        return false;
      }
      normal.resize(normal.rfind('/'));
      continue;
    }
    normal.push_back('/');
    normal.append(segment);
  }
  if (normal.empty()) {
    normal.push_back('/');
  }
  return true;
}

bool may_be_odd(std::string_view path) {
  constexpr auto none = std::string_view::npos;
  return path.find("//") != none || path.find('%') != none || path.find("/.") != none ||
         (path.size() > 1 && path.ends_with('/'));
}

}  // namespace sevenstops::stops
