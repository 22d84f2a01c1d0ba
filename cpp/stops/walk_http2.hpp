#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/asio.hpp"
#include "base/stream.hpp"
#include "base/time.hpp"
#include "stops/stops.hpp"

namespace sevenstops::stops {

/// What a client with prior knowledge of HTTP/2 sends first (RFC 9113, 3.4), as far as HTTP/1 can
/// take it for a head; "SM" and an empty line follow.
inline constexpr std::string_view http2_preface = "PRI * HTTP/2.0\r\n\r\n";

/// A connection of HTTP/2, by its preface or by ALPN: what was read of it, and what it had before.
struct Http2Begun {
  base::Stream stream;
  std::string bytes;
  Clock::duration queued;
  std::optional<Places::Place> place;
};

/// One HTTP/2 connection to its close: its streams walk side by side. An exception of one is logged
/// and resets it; only operation_aborted comes out.
[[nodiscard]] asio::awaitable<void> walk_http2(Stops& stops, Http2Begun begun);

}  // namespace sevenstops::stops
