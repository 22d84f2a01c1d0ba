#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace sevenstops::http {

/// A set of octets, looked up by value.
using CharacterSet = std::array<bool, 256>;

[[nodiscard]] constexpr CharacterSet alphanumerics_and(std::string_view others) {
  CharacterSet set{};
  for (int c = 0; c < 256; ++c) {
    set[c] = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  }
  for (const char c : others) {
    set[static_cast<unsigned char>(c)] = true;
  }
  return set;
}

/// RFC 9110, 5.6.2: what methods and field names are made of.
inline constexpr CharacterSet token_characters = alphanumerics_and("!#$%&'*+-.^_`|~");

/// RFC 3986, 3.3: what a path is made of.
inline constexpr CharacterSet path_characters = alphanumerics_and("-._~:/@!$&'()*+,;=%");

/// RFC 3986, 3.4: what a query is made of; a fragment's '#' never travels.
inline constexpr CharacterSet query_characters = alphanumerics_and("-._~:/?@!$&'()*+,;=%");

/// The same, and what browsers leave as it is (WHATWG URL, the query percent-encode set).
inline constexpr CharacterSet browser_query_characters =
    alphanumerics_and("-._~:/?@!$&'()*+,;=%[]{}|\\^`");

/// RFC 3986, 2.3.
inline constexpr CharacterSet unreserved_characters = alphanumerics_and("-._~");

/// RFC 9110, 5.5: visible characters, obs-text, space and tab.
inline constexpr CharacterSet value_characters = [] {
  CharacterSet set{};
  for (int c = 0; c < 256; ++c) {
    set[c] = c == '\t' || (c >= 0x20 && c != 0x7f);
  }
  return set;
}();

[[nodiscard]] constexpr bool in(const CharacterSet& set, char c) {
  return set[static_cast<unsigned char>(c)];
}

[[nodiscard]] constexpr bool all_in(const CharacterSet& set, std::string_view text) {
  return std::ranges::all_of(text, [&](char c) { return in(set, c); });
}

[[nodiscard]] constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The value of a hexadecimal digit; -1 for what is none.
[[nodiscard]] constexpr int hex_value(char c) {
  if (is_digit(c)) {
    return c - '0';
  }
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// A letter of ASCII in lower case; any other byte as it is.
[[nodiscard]] constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

/// ASCII comparison without case (RFC 9110, 5.1: field names are case-insensitive).
[[nodiscard]] constexpr bool iequals(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [&](char x, char y) { return lower(x) == lower(y); });
}

/// Without the optional white space at both ends (RFC 9110, 5.6.3).
[[nodiscard]] constexpr std::string_view trim(std::string_view text) {
  // By hand: find_first_not_of calls memchr for each character.
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) {
    text.remove_prefix(1);
  }
  while (!text.empty() && blank(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

}  // namespace sevenstops::http
