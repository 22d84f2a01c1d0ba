#pragma once

#include "base/asio.hpp"
#include "base/stream.hpp"
#include "base/time.hpp"
#include "http/refusal.hpp"
#include "stops/stops.hpp"

namespace sevenstops::stops {

/// One connection from its first byte to its close, of HTTP/1.1, or, where it begins with the
/// preface of HTTP/2, of that; it was `queued` for so long before it was accepted, and gives its
/// `place` back at its end. An exception is logged and ends the
/// connection; only operation_aborted comes out.
[[nodiscard]] asio::awaitable<void> walk_http1(Stops& stops, base::Stream stream,
                                               Clock::duration queued,
                                               std::optional<Places::Place> place = std::nullopt);

/// Answers a connection that is not taken with a refusal, without waiting, and closes it.
void turn_away_http1(Stops& stops, base::tcp::socket socket, Clock::duration queued,
                     http::Reason reason);

}  // namespace sevenstops::stops
