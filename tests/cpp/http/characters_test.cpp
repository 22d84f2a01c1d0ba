#include "http/characters.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sevenstops::http {
namespace {

// Those of a set that are neither letters nor digits.
std::string others(const CharacterSet& set) {
  std::string found;
  for (int c = 0; c < 256; ++c) {
    const bool alphanumeric =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    EXPECT_TRUE(!alphanumeric || set[static_cast<std::size_t>(c)]) << c;
    if (set[static_cast<std::size_t>(c)] && !alphanumeric) {
      found.push_back(static_cast<char>(c));
    }
  }
  return found;
}

TEST(Characters, SetsAreThoseOfTheRfcs) {
  EXPECT_EQ(others(token_characters), "!#$%&'*+-.^_`|~");
  EXPECT_EQ(others(path_characters), "!$%&'()*+,-./:;=@_~");
  EXPECT_EQ(others(query_characters), "!$%&'()*+,-./:;=?@_~");
  EXPECT_EQ(others(browser_query_characters), "!$%&'()*+,-./:;=?@[\\]^_`{|}~");
  EXPECT_EQ(others(unreserved_characters), "-._~");
  EXPECT_TRUE(all_in(value_characters, "\t !~\x80\xff"));
  for (const char c : {'\0', '\n', '\r', '\x1f', '\x7f'}) {
    EXPECT_FALSE(in(value_characters, c)) << static_cast<int>(c);
  }
}

TEST(Characters, HexadecimalDigitsHaveTheirValue) {
  EXPECT_EQ(hex_value('0'), 0);
  EXPECT_EQ(hex_value('9'), 9);
  EXPECT_EQ(hex_value('a'), 10);
  EXPECT_EQ(hex_value('F'), 15);
  for (const char c : {'/', ':', '@', 'G', '`', 'g', ' ', '\0', '\x80'}) {
    EXPECT_EQ(hex_value(c), -1) << c;
  }
  EXPECT_TRUE(is_digit('0') && is_digit('9'));
  EXPECT_FALSE(is_digit('/') || is_digit(':') || is_digit('a'));
}

TEST(Characters, ComparisonKnowsNoCaseOfLettersAlone) {
  EXPECT_TRUE(iequals("Content-Length", "content-LENGTH"));
  EXPECT_TRUE(iequals("", ""));
  EXPECT_FALSE(iequals("a", "ab"));
  EXPECT_FALSE(iequals("@", "`"));
  EXPECT_FALSE(iequals("[", "{"));
  EXPECT_FALSE(iequals("\xc4", "\xe4"));
}

TEST(Characters, TrimTakesBlanksAndTabsAlone) {
  EXPECT_EQ(trim(" \ta b\t "), "a b");
  EXPECT_EQ(trim("\n"), "\n");
  EXPECT_EQ(trim(" \t "), "");
  EXPECT_EQ(trim(""), "");
}

}  // namespace
}  // namespace sevenstops::http
