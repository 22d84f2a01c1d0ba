#include "load/clients/page.hpp"

#include <gtest/gtest.h>

namespace sevenstops::load {
namespace {

struct Read {
  bool whole = false;
  std::string next;
  std::string why;
  std::uint64_t rows = 0;
  std::uint64_t repeated = 0;
  std::uint64_t nameless = 0;
};

// In pieces of `size` bytes.
Read read(std::string_view text, std::size_t size = 1 << 20) {
  RowIds ids;
  Page page(ids);
  bool fine = true;
  for (std::size_t at = 0; fine && at < text.size(); at += size) {
    fine = page.feed(text.substr(at, size));
  }
  const bool whole = fine && page.finish();
  return {.whole = whole,
          .next = page.next().value_or("-"),
          .why = whole ? "" : std::string(page.why()),
          .rows = ids.distinct(),
          .repeated = ids.repeated(),
          .nameless = ids.nameless()};
}

TEST(Page, GivesItsRowsAndTheNext) {
  constexpr std::string_view text =
      R"( {"count":2,"about":{"id":9,"next":"/no"},"orders":[{"id":1,"of":{"id":7,"a":[{"id":8}]}},)"
      R"({"x":[1,2],"id":2}],"others":[{"id":1}],"next":"\/orders?limit=2&cursor=2"} )";
  for (const std::size_t size : {1, 2, 3, 1000}) {
    const auto page = read(text, size);
    EXPECT_TRUE(page.whole) << page.why;
    EXPECT_EQ(page.next, "/orders?limit=2&cursor=2");
    EXPECT_EQ(page.rows, 2U);
    EXPECT_EQ(page.repeated, 0U);
    EXPECT_EQ(page.nameless, 0U);
  }
}

TEST(Page, EndsTheListWithoutANext) {
  EXPECT_EQ(read(R"({"orders":[{"id":1}],"next":null})").next, "-");
  const auto missing = read(R"({"orders":[]})");
  EXPECT_TRUE(missing.whole);
  EXPECT_EQ(missing.next, "-");
}

TEST(Page, CountsIdsOfEachSort) {
  const auto page = read(
      R"({"rows":[{"id":5},{"id":"5"},{"id":3},{"id":5},{"id":3},{"id":"5"},{"id":18446744073709551615},)"
      R"({"id":null},{"name":"a"},{"id":1.5},4,[6,{"id":1}],{"id":4}]})");
  EXPECT_TRUE(page.whole) << page.why;
  EXPECT_EQ(page.rows, 5U);
  EXPECT_EQ(page.repeated, 3U);
  EXPECT_EQ(page.nameless, 3U);
}

TEST(Page, SaysWhatItIsNot) {
  const auto why = [](std::string_view text) { return read(text).why; };
  EXPECT_EQ(why(""), "a page that is no JSON");
  EXPECT_EQ(why(R"({"orders":[{"id":1})"), "a page that is no JSON");
  EXPECT_EQ(why(R"({"orders":[]} x)"), "a page that is no JSON");
  EXPECT_EQ(why("[]"), "a page that is no object");
  EXPECT_EQ(why(R"({"next":null})"), "a page without rows");
  EXPECT_EQ(why(R"({"orders":[],"next":7})"), "its next is no text");
  EXPECT_EQ(why(R"({"orders":[],"next":["/a"]})"), "its next is no text");
  EXPECT_EQ(why(R"({"orders":[],"next":{}})"), "its next is no text");
  EXPECT_EQ(why(R"({"orders":[],"next":"/)" + std::string(9000, 'a') + "\"}"),
            "its next is too long");
  EXPECT_EQ(why(R"({"orders":[{"id":")" + std::string(300, 'a') + "\"}]}"),
            "an id that is too long");
}

TEST(Page, TakesTheLongestNextAndTheLongestId) {
  const auto with = [](std::size_t next, std::size_t id) {
    return read(R"({"orders":[{"id":")" + std::string(id, 'a') + R"("}],"next":")" +
                std::string(next, 'b') + "\"}");
  };
  const auto longest = with(8192, 256);
  EXPECT_TRUE(longest.whole) << longest.why;
  EXPECT_EQ(longest.next.size(), 8192U);
  EXPECT_EQ(longest.rows, 1U);
  EXPECT_EQ(with(8193, 1).why, "its next is too long");
  EXPECT_EQ(with(1, 257).why, "an id that is too long");
}

TEST(RowIds, KnowTheirLimit) {
  RowIds ids;
  std::int64_t id = 0;
  while (!ids.too_many() && id < 10'000'000) {
    ids.add(id++);
  }
  EXPECT_EQ(ids.distinct(), 8388609U);
  EXPECT_EQ(ids.repeated(), 0U);
}

}  // namespace
}  // namespace sevenstops::load
