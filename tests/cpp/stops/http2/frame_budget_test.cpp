#include "stops/http2/frame_budget.hpp"

#include <gtest/gtest.h>

namespace sevenstops::stops {
namespace {

using http::Reason;

nghttp2_frame_hd frame(int type, int flags = 0, std::size_t length = 0) {
  return {.length = length,
          .stream_id = 1,
          .type = static_cast<std::uint8_t>(type),
          .flags = static_cast<std::uint8_t>(flags),
          .reserved = 0};
}

constexpr std::int64_t largest = 16384;

// How many of a frame are taken before the connection has to end, and why it has to.
std::pair<int, std::optional<Reason>> taken(const Http2Settings& settings,
                                            const nghttp2_frame_hd& of) {
  FrameBudget budget(settings, largest);
  for (int n = 0; n < 100000; ++n) {
    if (const auto reason = budget.received(of)) {
      return {n, *reason};
    }
  }
  return {100000, std::nullopt};
}

// A second's worth at once; what the time of the test itself allows besides is little.
void expect_about(const Http2Settings& settings, const nghttp2_frame_hd& of, std::int64_t most,
                  Reason reason) {
  const auto [n, why] = taken(settings, of);
  EXPECT_EQ(why, reason);
  EXPECT_GE(n, most);
  EXPECT_LE(n, 2 * most);
}

TEST(FrameBudget, EachKindHasItsOwn) {
  const Http2Settings settings;
  expect_about(settings, frame(NGHTTP2_RST_STREAM), settings.resets, Reason::http2_resets);
  expect_about(settings, frame(NGHTTP2_PING), settings.pings, Reason::http2_pings);
  expect_about(settings, frame(NGHTTP2_SETTINGS), settings.settings, Reason::http2_settings);
  expect_about(settings, frame(NGHTTP2_PRIORITY), settings.priorities, Reason::http2_priorities);
  expect_about(settings, frame(0x77), settings.priorities, Reason::http2_priorities);
  expect_about(settings, frame(NGHTTP2_DATA), settings.empty_frames, Reason::http2_empty_frames);
  expect_about(settings, frame(NGHTTP2_WINDOW_UPDATE), settings.window_updates,
               Reason::http2_window_updates);
}

TEST(FrameBudget, WhatIsAskedForIsFree) {
  const Http2Settings settings;
  EXPECT_FALSE(taken(settings, frame(NGHTTP2_PING, NGHTTP2_FLAG_ACK)).second);
  EXPECT_FALSE(taken(settings, frame(NGHTTP2_SETTINGS, NGHTTP2_FLAG_ACK)).second);
  EXPECT_FALSE(taken(settings, frame(NGHTTP2_DATA, 0, 1)).second);
  EXPECT_FALSE(taken(settings, frame(NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM)).second);
}

TEST(FrameBudget, NoughtIsAnyNumber) {
  const Http2Settings settings{.resets = 0, .pings = 0, .continuations = 0};
  EXPECT_FALSE(taken(settings, frame(NGHTTP2_RST_STREAM)).second);
  EXPECT_FALSE(taken(settings, frame(NGHTTP2_PING)).second);
}

TEST(FrameBudget, AHeadHasSoManyContinuationsAndBytes) {
  const Http2Settings settings;
  FrameBudget budget(settings, largest);
  for (int head = 0; head < 100; ++head) {
    EXPECT_FALSE(budget.received(frame(NGHTTP2_HEADERS, 0, 1)));
    for (int n = 0; n < settings.continuations; ++n) {
      EXPECT_FALSE(budget.received(frame(NGHTTP2_CONTINUATION, 0, 1)));
    }
  }
  EXPECT_EQ(budget.received(frame(NGHTTP2_CONTINUATION, 0, 1)), Reason::http2_continuations);
  FrameBudget large(settings, largest);
  EXPECT_FALSE(large.received(frame(NGHTTP2_HEADERS, 0, 65536)));
  EXPECT_EQ(large.received(frame(NGHTTP2_CONTINUATION, 0, 1)), Reason::header_limit);
}

TEST(FrameBudget, DataThatIsSentAllowsWindowUpdates) {
  const Http2Settings settings{.window_updates = 1};
  FrameBudget budget(settings, largest);
  for (int n = 0; n < 1000; ++n) {
    budget.sent_data(512);
    EXPECT_FALSE(budget.received(frame(NGHTTP2_WINDOW_UPDATE)));
    EXPECT_FALSE(budget.received(frame(NGHTTP2_WINDOW_UPDATE)));
  }
}

TEST(FrameBudget, DataInCrumbsAllowsNone) {
  const Http2Settings settings{.window_updates = 10};
  FrameBudget budget(settings, largest);
  int taken = 0;
  while (taken < 1000 && !budget.received(frame(NGHTTP2_WINDOW_UPDATE))) {
    budget.sent_data(1);
    ++taken;
  }
  EXPECT_LE(taken, 20);
}

TEST(FrameBudget, ResetsThatTheServiceHasToMakeAreCountedAndItsOwnAreNot) {
  const Http2Settings settings{.made_resets = 10};
  FrameBudget budget(settings, largest);
  for (int n = 0; n < 1000; ++n) {
    EXPECT_FALSE(budget.sent_reset(NGHTTP2_NO_ERROR));
    EXPECT_FALSE(budget.sent_reset(NGHTTP2_CANCEL));
  }
  int made = 0;
  while (!budget.sent_reset(NGHTTP2_PROTOCOL_ERROR)) {
    ++made;
  }
  EXPECT_GE(made, 10);
  EXPECT_LE(made, 20);
}

}  // namespace
}  // namespace sevenstops::stops
