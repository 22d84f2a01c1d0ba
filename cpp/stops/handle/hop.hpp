#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "stops/connection.hpp"
#include "stops/trace.hpp"

namespace sevenstops {

/// A dependency: a service of its own on loopback.
struct Dependency {
  std::string name;
  std::uint16_t port = 0;
};

/// Carries what is left of the caller's budget, in whole milliseconds.
inline constexpr std::string_view deadline_header = "X-Request-Deadline-Ms";

/// Asks a dependency for its /page and waits until `limit`. `deadline`, when given, travels with
/// the request, and so does the trace. The status; 504 when the limit passed, 502 when there was no connection.
[[nodiscard]] asio::awaitable<unsigned> ask(const Dependency& dependency, Clock::time_point limit,
                                            std::optional<Clock::time_point> deadline,
                                            const Trace& trace);

}  // namespace sevenstops
