#include "stops/http2/frame_scanner.hpp"

#include <gtest/gtest.h>

#include "../../support/http2_client.hpp"

namespace sevenstops::stops {
namespace {

TEST(FrameScanner, FindsTheSameFramesHoweverTheBytesArrive) {
  const auto bytes = test::http2_begin() + test::get_frame(1) +
                     test::frame(NGHTTP2_DATA, 0, 3, std::string(500, 'x')) +
                     test::frame(NGHTTP2_PING, 0, 0, std::string(8, 'p'));
  for (std::size_t size = 1; size <= bytes.size(); ++size) {
    FrameScanner scanner;
    std::string seen;
    std::vector<std::pair<int, int>> frames;
    for (std::size_t at = 0; at < bytes.size(); at += size) {
      std::string_view part = std::string_view(bytes).substr(at, size);
      std::optional<nghttp2_frame_hd> begun;
      for (auto piece = scanner.next(part, begun); !piece.empty();
           piece = scanner.next(part, begun)) {
        seen.append(piece);
        if (begun) {
          frames.emplace_back(begun->type, begun->stream_id);
        }
      }
    }
    EXPECT_EQ(seen, bytes) << size;
    EXPECT_TRUE(scanner.between());
    const std::vector<std::pair<int, int>> expected = {
        {NGHTTP2_SETTINGS, 0}, {NGHTTP2_HEADERS, 1}, {NGHTTP2_DATA, 3}, {NGHTTP2_PING, 0}};
    EXPECT_EQ(frames, expected) << size;
  }
}

TEST(FrameScanner, IsNotBetweenFramesWithinOne) {
  FrameScanner scanner;
  std::optional<nghttp2_frame_hd> begun;
  const auto bytes = test::http2_begin() + test::frame(NGHTTP2_PING, 0, 0, "1234");
  std::string_view part = bytes;
  while (!scanner.next(part, begun).empty()) {
  }
  EXPECT_TRUE(scanner.between());
  part = std::string_view(bytes).substr(NGHTTP2_CLIENT_MAGIC_LEN + 9, 10);
  EXPECT_EQ(scanner.next(part, begun).size(), 10U);
  EXPECT_EQ(begun->length, 4U);
  EXPECT_FALSE(scanner.between());
}

}  // namespace
}  // namespace sevenstops::stops
