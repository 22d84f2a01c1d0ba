#include "http/chunked.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

namespace sevenstops::http {
namespace {

constexpr std::uint64_t limit = 1000;

struct Decoded {
  std::optional<Reason> refused;
  bool done = false;
  std::string body;
  std::size_t used = 0;
  bool operator==(const Decoded&) const = default;
};

Decoded decode(std::string_view bytes, std::size_t step) {
  ChunkedDecoder decoder(limit);
  Decoded result;
  while (!decoder.done() && result.used < bytes.size()) {
    const auto used = decoder.decode(bytes.substr(result.used, step), result.body);
    if (!used) {
      return {.refused = used.error().reason, .done = false, .body = {}, .used = 0};
    }
    result.used += *used;
  }
  result.done = decoder.done();
  return result;
}

// Whole, and however it is cut.
Decoded decode_all_ways(std::string_view bytes) {
  auto whole = decode(bytes, std::max<std::size_t>(1, bytes.size()));
  for (const std::size_t step : {1U, 2U, 3U, 7U}) {
    EXPECT_EQ(decode(bytes, step), whole) << step << " of " << bytes;
  }
  return whole;
}

std::optional<Reason> refusal(std::string_view bytes) { return decode_all_ways(bytes).refused; }

TEST(Chunked, IsDecodedHoweverItIsCut) {
  const auto seen = decode_all_ways("5\r\nhello\r\n1\r\n \r\n0005\r\nworld\r\n0\r\n\r\nGET /");
  EXPECT_EQ(seen, (Decoded{std::nullopt, true, "hello world", 34}));
  EXPECT_EQ(decode_all_ways("A\r\n0123456789\r\n0\r\n\r\n").body, "0123456789");
  EXPECT_EQ(decode_all_ways("a\r\n0123456789\r\n0\r\n\r\n").body, "0123456789");
}

TEST(Chunked, IsNotDoneBeforeItsLastLine) {
  for (const std::string_view bytes :
       {"", "5", "5\r", "5\r\n", "5\r\nhel", "5\r\nhello", "5\r\nhello\r\n", "0", "0\r\n",
        "0\r\n\r", "0\r\nA: b\r\n"}) {
    const auto seen = decode_all_ways(bytes);
    EXPECT_FALSE(seen.done || seen.refused) << bytes;
  }
}

TEST(Chunked, ExtensionsAreReadAndDropped) {
  for (const std::string_view line :
       {"5;a", "5;a=b", "5;a=\"b c\";d", "5;a=\"\\\"\"", "5;a=\"\""}) {
    const auto seen = decode_all_ways(std::string(line) + "\r\nhello\r\n0;last\r\n\r\n");
    EXPECT_TRUE(seen.done) << line;
    EXPECT_EQ(seen.body, "hello") << line;
  }
}

TEST(Chunked, TrailersAreReadAndDropped) {
  const auto seen = decode_all_ways("1\r\nx\r\n0\r\nA: b\r\nDigest:\tc\r\n\r\nrest");
  EXPECT_TRUE(seen.done);
  EXPECT_EQ(seen.body, "x");
}

TEST(Chunked, ASizeThatIsNoneIsRefused) {
  for (const std::string_view bytes :
       {"\r\n", "x\r\n", "-1\r\n", "+1\r\n", " 1\r\n", "1 \r\n", "0x1\r\n", ";a\r\n", "1\n",
        "00000000000000001\r\n", "ffffffffffffffff0\r\n"}) {
    EXPECT_EQ(refusal(bytes), Reason::chunk_size) << bytes;
  }
}

TEST(Chunked, ABodyBeyondItsLimitIsRefusedBeforeItComes) {
  EXPECT_FALSE(refusal("3e8\r\n"));
  EXPECT_EQ(refusal("3e9\r\n"), Reason::body_limit);
  EXPECT_EQ(refusal("ffffffffffffffff\r\n"), Reason::body_limit);
  EXPECT_EQ(refusal("3e8\r\n" + std::string(1000, 'x') + "\r\n1\r\n"), Reason::body_limit);
  EXPECT_FALSE(refusal("3e8\r\n" + std::string(1000, 'x') + "\r\n0\r\n\r\n"));
}

TEST(Chunked, AnExtensionThatIsNoneIsRefused) {
  for (const std::string_view line :
       {"1;", "1; a", "1;a=", "1;a=\"b", "1;a=\"b\\\"", "1;a;;b", "1;a=b=c", "1;\x01", "1;a\n"}) {
    EXPECT_EQ(refusal(std::string(line) + "\r\n"), Reason::chunk_extension) << line;
  }
  EXPECT_EQ(refusal("1;" + std::string(257, 'a')), Reason::chunk_extension);
  EXPECT_FALSE(refusal("1;" + std::string(256, 'a') + "\r\n"));
}

TEST(Chunked, ExtensionsHaveALimitInAll) {
  std::string bytes;
  for (int i = 0; i < 16; ++i) {
    bytes += "1;" + std::string(256, 'a') + "\r\nx\r\n";
  }
  EXPECT_FALSE(refusal(bytes));
  EXPECT_EQ(refusal(bytes + "1;a\r\n"), Reason::chunk_extension);
}

TEST(Chunked, LinesEndInCarriageReturnAndLineFeed) {
  EXPECT_EQ(refusal("1\rx"), Reason::chunk_line);
  EXPECT_EQ(refusal("1;a\rx"), Reason::chunk_line);
  EXPECT_EQ(refusal("1\r\nxx"), Reason::chunk_end);
  EXPECT_EQ(refusal("1\r\nx\n"), Reason::chunk_end);
  EXPECT_EQ(refusal("1\r\nx\rx"), Reason::chunk_end);
  EXPECT_EQ(refusal("0\r\nA: b\rx"), Reason::trailer_line);
  EXPECT_EQ(refusal("0\r\n\rx"), Reason::trailer_line);
  // At once: no line end that is one has to come for it.
  EXPECT_EQ(refusal("0\r\n\n"), Reason::trailer_line);
  EXPECT_EQ(refusal("0\r\nA: b\n"), Reason::trailer_line);
  EXPECT_EQ(refusal(std::string_view("0\r\nA: \0", 7)), Reason::trailer_field);
}

TEST(Chunked, TrailersHaveALimit) {
  EXPECT_EQ(refusal("0\r\nA: " + std::string(5000, 'x')), Reason::trailer_limit);
  std::string fields;
  for (int i = 0; i < 32; ++i) {
    fields += "A: b\r\n";
  }
  EXPECT_TRUE(decode_all_ways("0\r\n" + fields + "\r\n").done);
  EXPECT_EQ(refusal("0\r\n" + fields + "A: b\r\n"), Reason::trailer_limit);
}

TEST(Chunked, ATrailerThatIsNoneIsRefused) {
  for (const std::string_view line :
       {"A", ": b", "A b: c", " A: b", "A: \x01", "Content-Length: 1", "transfer-encoding: chunked",
        "HOST: a", "Authorization: b", "Trailer: c", "Proxy-Authorization: b", "Expect: c",
        "connection: close", "Content-Encoding: gzip", "Content-Type: a/b"}) {
    EXPECT_EQ(refusal("0\r\n" + std::string(line) + "\r\n"), Reason::trailer_field) << line;
  }
}

TEST(Chunked, WhatMayComeBesidesIsSaidByWhoMakesIt) {
  const auto reason = [](std::string_view bytes, const ChunkLimits& limits) {
    ChunkedDecoder decoder(limit, limits);
    std::string body;
    const auto used = decoder.decode(bytes, body);
    return used ? std::optional<Reason>() : std::optional(used.error().reason);
  };
  EXPECT_EQ(reason("1;a=b\r\nx\r\n0\r\n\r\n", {.extension = 3}), std::nullopt);
  EXPECT_EQ(reason("1;a=bc\r\nx\r\n0\r\n\r\n", {.extension = 3}), Reason::chunk_extension);
  EXPECT_EQ(reason("1;a\r\nx\r\n0\r\n\r\n", {.extension = 0}), Reason::chunk_extension);
  std::string many;
  for (int i = 0; i < 17; ++i) {
    many += "1;a\r\nx\r\n";
  }
  EXPECT_EQ(reason(many, {.extension = 1}), Reason::chunk_extension);
  EXPECT_EQ(reason("0\r\nA: b\r\n\r\n", {.trailer = {.bytes = 7}}), std::nullopt);
  EXPECT_EQ(reason("0\r\nA: bcdef\r\n\r\n", {.trailer = {.bytes = 7}}), Reason::trailer_limit);
  EXPECT_EQ(reason("0\r\nA: b\r\n\r\n", {.trailer = {.fields = 0}}), Reason::trailer_limit);
}

TEST(Chunked, GivesItsPiecesToASink) {
  ChunkedDecoder decoder(limit);
  std::vector<std::string> pieces;
  const auto used = decoder.decode("2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
                                   [&](std::string_view piece) { pieces.emplace_back(piece); });
  ASSERT_TRUE(used);
  EXPECT_EQ(pieces, (std::vector<std::string>{"ab", "c"}));
}

}  // namespace
}  // namespace sevenstops::http
