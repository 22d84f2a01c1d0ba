#pragma once

#include "http/response.hpp"
#include "stops/response.hpp"

namespace sevenstops::stops {

/// What a response's head says, whatever the protocol; how its body ends the writer adds.
[[nodiscard]] inline http::ResponseHead head_of(const Response& response) {
  return {.status = response.status,
          .content_type = response.content_type,
          .allow = response.allow,
          .location = response.location,
          .next = response.next,
          .entity_tag = response.entity_tag,
          .coding = response.coding,
          .varies = response.varies,
          .retry_after = response.retry_after,
          .rate_policy = response.rate_policy,
          .rate_standing = response.rate_standing,
          .server_timing = response.server_timing};
}

}  // namespace sevenstops::stops
