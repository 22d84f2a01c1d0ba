#pragma once

#include "stops/response.hpp"
#include "stops/result.hpp"
#include "stops/serialize/settings.hpp"

namespace sevenstops::stops {

/// Serialize: the result becomes bytes. JSON for pages (generic document or compiled from the
/// schema; the same bytes either way), CSV (RFC 4180) for streams.
[[nodiscard]] Response serialize(Result result, const SerializeSettings& settings);

/// The response to a refusal.
[[nodiscard]] Response serialize(const http::Refusal& refusal);

}  // namespace sevenstops::stops
