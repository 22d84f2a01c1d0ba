#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/event.hpp"
#include "base/time.hpp"
#include "http/http2_head.hpp"
#include "http/request.hpp"

namespace sevenstops::stops {

using base::Clock;

/// One stream of an HTTP/2 connection: what has come of its request and what is to leave of its
/// response. The connection fills and empties it; whoever answers it waits at its events.
struct Http2Stream {
  Http2Stream(std::int32_t number, const http::HeadLimits& limits) : id(number), head(limits) {}

  std::int32_t id;
  Clock::time_point arrived = Clock::now();
  http::Http2Head head;
  http::Request request;
  /// How the head was judged, once it is whole.
  http::Outcome<void> parsed;

  /// Of the body, what nobody has read yet.
  std::string in;
  /// A body that a trailer has spoiled.
  bool bad_trailer = false;
  std::int64_t trailer_fields = 0;
  std::int64_t trailer_bytes = 0;
  /// Whether the client has sent all.
  bool received = false;
  /// Or has closed its side of the connection before that: no more comes.
  bool cut_short = false;

  /// Of the body, what nghttp2 has not framed yet, from `begin` on.
  std::string out;
  std::size_t begin = 0;
  /// The head was handed to nghttp2; nothing comes after `out`; the frame that says so was made.
  bool submitted = false;
  bool finished = false;
  bool end_framed = false;
  /// nghttp2 has found nothing to send and has to be told when there is something.
  bool deferred = false;
  /// Frames of it are among those that the transport has not taken.
  bool in_flight = false;
  /// Whether a frame of it was taken since somebody looked.
  bool progress = false;

  /// No frame comes or goes any more: it is over, was reset, or the connection has ended.
  bool closed = false;
  /// Somebody answers it.
  bool served = false;
  /// Until when somebody waits for the client, and whether that has passed.
  Clock::time_point due = Clock::time_point::max();
  bool timed_out = false;
  /// Room that was asked for, and what is held in all.
  std::uint64_t reserved = 0;
  std::size_t held = 0;

  base::Event input;
  base::Event output;
  /// The client has left it before its end.
  base::Event left;

  [[nodiscard]] std::string_view pending() const { return std::string_view(out).substr(begin); }
  /// Whether all that was framed of the response is with the transport.
  [[nodiscard]] bool sent() const {
    return submitted && begin == out.size() && !in_flight && (!finished || end_framed);
  }
};

}  // namespace sevenstops::stops
