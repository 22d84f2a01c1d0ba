#include "stops/serialize/compress.hpp"

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <random>

#include "../../support/compressed.hpp"

namespace sevenstops::stops {
namespace {

using http::Coding;

std::string rows() {
  std::string text;
  for (int i = 0; i < 500; ++i) {
    text += R"({"id":)" + std::to_string(i) + R"(,"status":"placed"},)";
  }
  return text;
}

std::string noise(std::size_t size) {
  std::mt19937 random(1);
  std::string bytes(size, '\0');
  for (auto& byte : bytes) {
    byte = static_cast<char>(random());
  }
  return bytes;
}

TEST(Compress, OthersReadWhatItWrote) {
  for (const auto coding : {Coding::gzip, Coding::zstd}) {
    // One after the other, since a thread keeps its compressor; each level, since that changes it.
    for (const int level : {1, 9, 1}) {
      for (const auto& text : {rows(), std::string("short"), rows() + rows()}) {
        const auto made = compress(text, coding, level, text.size() + 1024);
        ASSERT_TRUE(made);
        EXPECT_EQ(test::decompressed(*made, coding), text);
      }
      const auto made = compress(rows(), coding, level, rows().size());
      ASSERT_TRUE(made);
      EXPECT_LT(made->size(), rows().size() / 4);
    }
  }
}

TEST(Compress, NothingWhereItWouldTakeMore) {
  for (const auto coding : {Coding::gzip, Coding::zstd}) {
    const auto bytes = noise(10000);
    EXPECT_FALSE(compress(bytes, coding, 1, bytes.size() - 1));
    EXPECT_FALSE(compress("ok\n", coding, 1, 2));
    // What went wrong spoils nothing.
    const auto made = compress(rows(), coding, 1, rows().size());
    ASSERT_TRUE(made);
    EXPECT_EQ(test::decompressed(*made, coding), rows());
  }
  EXPECT_FALSE(compress(rows(), Coding::identity, 1, rows().size()));
}

TEST(Compress, TypesThatAreWorthIt) {
  EXPECT_TRUE(worth_compressing("application/json"));
  EXPECT_TRUE(worth_compressing("text/csv"));
  EXPECT_FALSE(worth_compressing("application/octet-stream"));
}

}  // namespace
}  // namespace sevenstops::stops
