#pragma once

#include "base/asio.hpp"
#include "base/time.hpp"
#include "base/tls.hpp"
#include "http/refusal.hpp"
#include "stops/stops.hpp"

namespace sevenstops::stops {

/// One connection that begins with TLS: its handshake, within `accept.tls_timeout`, and then to its
/// close the protocol that was chosen in it. Until then it is one of those that are silent. `tls`
/// has to outlive it; for the rest as `walk_http1`.
[[nodiscard]] asio::awaitable<void> walk_tls(Stops& stops, base::tcp::socket socket,
                                             const base::TlsServer& tls, Clock::duration queued,
                                             std::optional<Places::Place> place = std::nullopt);

/// Counts a connection that is not taken, and will be closed. There is no answer: a handshake would
/// have to come before it, and that costs more than most requests.
void turn_away_tls(Stops& stops, const base::tcp::socket& socket, http::Reason reason);

}  // namespace sevenstops::stops
