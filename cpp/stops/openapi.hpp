#pragma once

#include <string>

#include "stops/route/router.hpp"

namespace sevenstops::stops {

/// The OpenAPI 3.1 document of a table of routes: paths, parameters, who is let in, and the schema
/// of a row, which is made of the columns that table and serializers are made of. Routes without an
/// endpoint are left out.
[[nodiscard]] std::string openapi(const Router& router);

}  // namespace sevenstops::stops
