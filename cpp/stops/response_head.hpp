#pragma once

#include "http/response.hpp"
#include "stops/response.hpp"

namespace sevenstops::stops {

/// What a response's head says, whatever the protocol; how its body ends the writer adds.
[[nodiscard]] inline http::ResponseHead head_of(const Response& response) {
  return {.status = response.status,
          .content_type = response.content_type,
          .fields = response.fields,
          .entity_tag = response.entity_tag,
          .coding = response.coding,
          .varies = response.varies,
          .retry_after = response.retry_after};
}

}  // namespace sevenstops::stops
