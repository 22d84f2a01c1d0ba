#pragma once

#include <optional>
#include <string_view>

#include "base/time.hpp"
#include "http/refusal.hpp"
#include "http/request.hpp"

namespace sevenstops::http {

/// Carries what is left of the caller's budget, in whole milliseconds.
inline constexpr std::string_view deadline_header = "X-Request-Deadline-Ms";

/// Asks for "102 Processing" (RFC 2518, 10.1) once the work for a request begins, so that the same
/// request to another replica can be called off.
inline constexpr std::string_view tied_header = "X-Tied-Request";

/// gRPC's form: up to eight digits and a unit, H M S m u n (gRPC over HTTP/2, "Timeout"). Nothing
/// for what isn't one.
[[nodiscard]] std::optional<base::Clock::duration> parse_grpc_timeout(std::string_view text);

/// The smallest budget that a request brings, as X-Request-Deadline-Ms, grpc-timeout, or Envoy's
/// x-envoy-expected-rq-timeout-ms; nothing when it brings none, 400 when one can't be read.
[[nodiscard]] Outcome<std::optional<base::Clock::duration>> budget_of(const Request& request);

}  // namespace sevenstops::http
