#pragma once

#include "stops/response.hpp"
#include "stops/result.hpp"
#include "stops/serialize/settings.hpp"

namespace sevenstops::stops {

/// A page as JSON: written from the rows as the schema has them, or by way of a generic document;
/// the same bytes either way.
[[nodiscard]] std::string json_of(const Page& page, bool compiled);

/// Serialize: the result becomes bytes. JSON for pages (generic document or compiled from the
/// schema; the same bytes either way), CSV (RFC 4180) for streams.
[[nodiscard]] Response serialize(Result result, const SerializeSettings& settings);

/// The response to a refusal.
[[nodiscard]] Response serialize(const http::Refusal& refusal);

}  // namespace sevenstops::stops
