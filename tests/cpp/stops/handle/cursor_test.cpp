#include "stops/handle/cursor.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace sevenstops::stops {
namespace {

TEST(Cursor, ReadsWhatItWrote) {
  for (const std::int64_t id : {std::int64_t{0}, std::int64_t{1}, std::int64_t{4711},
                                std::numeric_limits<std::int64_t>::max()}) {
    EXPECT_EQ(read_cursor(write_cursor(id)), id);
  }
}

TEST(Cursor, RefusesEveryOtherText) {
  const auto cursor = write_cursor(4711);
  for (std::size_t i = 0; i < cursor.size(); ++i) {
    for (const char c : std::string_view("0123456789abcdefAF-+ ")) {
      auto changed = cursor;
      changed[i] = c;
      EXPECT_EQ(read_cursor(changed).has_value(), changed == cursor) << changed;
    }
    EXPECT_FALSE(read_cursor(cursor.substr(0, i)));
    EXPECT_FALSE(read_cursor(cursor.substr(i + 1)));
  }
  EXPECT_FALSE(read_cursor("0" + cursor));
  EXPECT_FALSE(read_cursor(cursor + "0"));
  EXPECT_FALSE(read_cursor("4711"));
  EXPECT_FALSE(read_cursor(write_cursor(-1)));
}

}  // namespace
}  // namespace sevenstops::stops
