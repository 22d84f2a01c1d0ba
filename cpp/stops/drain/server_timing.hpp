#pragma once

#include <string>

#include "stops/exchange.hpp"

namespace sevenstops::stops {

/// The value of Server-Timing (W3C), all seven stops. A stop without a duration was not entered, is
/// not over yet (drain, which sends these bytes), or, accept, belongs to an earlier request of the
/// connection.
[[nodiscard]] std::string server_timing(const Timings& timings);

}  // namespace sevenstops::stops
