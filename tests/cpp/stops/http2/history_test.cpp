#include "stops/http2/history.hpp"

#include <gtest/gtest.h>

namespace sevenstops::stops {
namespace {

nghttp2_frame_hd header_of(int type, std::int32_t id) {
  return {.length = 0,
          .stream_id = id,
          .type = static_cast<std::uint8_t>(type),
          .flags = 0,
          .reserved = 0};
}

constexpr auto headers = NGHTTP2_HEADERS;
constexpr auto data = NGHTTP2_DATA;

TEST(StreamHistory, FramesOnAStreamThatTheClientHasEndedAreAFault) {
  StreamHistory history;
  EXPECT_EQ(history.received(header_of(headers, 1), false), std::nullopt);
  EXPECT_EQ(history.received(header_of(data, 1), true), std::nullopt);
  history.ended(1);
  EXPECT_EQ(history.received(header_of(data, 1), false), NGHTTP2_STREAM_CLOSED);
  EXPECT_EQ(history.received(header_of(headers, 1), false), NGHTTP2_STREAM_CLOSED);
  EXPECT_EQ(history.received(header_of(NGHTTP2_PRIORITY, 1), false), std::nullopt);
}

TEST(StreamHistory, FramesOnAStreamThatTheClientHasResetAreAFault) {
  StreamHistory history;
  (void)history.received(header_of(headers, 1), false);
  EXPECT_EQ(history.received(header_of(NGHTTP2_RST_STREAM, 1), true), std::nullopt);
  EXPECT_EQ(history.received(header_of(data, 1), false), NGHTTP2_STREAM_CLOSED);
}

TEST(StreamHistory, FramesThatCrossAResetOfTheServicesAreNone) {
  StreamHistory history;
  (void)history.received(header_of(headers, 1), false);
  EXPECT_EQ(history.received(header_of(data, 1), false), std::nullopt);
  EXPECT_EQ(history.received(header_of(headers, 1), false), std::nullopt);
}

TEST(StreamHistory, AStreamThatWasPassedOverCannotBeOpened) {
  StreamHistory history;
  (void)history.received(header_of(headers, 5), false);
  EXPECT_EQ(history.received(header_of(headers, 3), false), NGHTTP2_PROTOCOL_ERROR);
  EXPECT_EQ(history.received(header_of(headers, 7), false), std::nullopt);
}

TEST(StreamHistory, WhatIsTooLongAgoIsIgnored) {
  StreamHistory history;
  for (std::int32_t id = 1; id < 2001; id += 2) {
    EXPECT_EQ(history.received(header_of(headers, id), false), std::nullopt);
    history.ended(id);
  }
  EXPECT_EQ(history.received(header_of(data, 1), false), std::nullopt);
  EXPECT_EQ(history.received(header_of(data, 1999), false), NGHTTP2_STREAM_CLOSED);
}

}  // namespace
}  // namespace sevenstops::stops
