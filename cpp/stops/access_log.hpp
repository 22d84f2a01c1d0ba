#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/refusal.hpp"
#include "stops/exchange.hpp"

namespace sevenstops::stops {

/// One line of the access log, a JSON object without its first field, the time, and the brace
/// before it: peer, method, target, protocol, status (0: nothing was sent), bytes framed for the
/// response, trace (the W3C trace id that came or was made, or ""), refused (the reason, or ""),
/// then a duration in seconds for each stop, null for one that was not entered, belongs to an
/// earlier request of the connection (accept), or was not left.
[[nodiscard]] std::string access_line(const Exchange& exchange, unsigned status,
                                      std::uint64_t bytes, std::optional<http::Reason> refused);

/// That of a stream or a connection of HTTP/2 that is refused before there is an exchange.
[[nodiscard]] std::string refusal_line(std::string_view peer, std::string_view protocol,
                                       http::Reason refused);

}  // namespace sevenstops::stops
