#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/refusal.hpp"
#include "http/request.hpp"

namespace sevenstops::http {

/// How bytes that begin with a request are parted.
struct Frame {
  /// Bytes of the head; 0: it isn't whole yet.
  std::size_t head = 0;
  /// Bytes of head and body, as far as they are there: where the next request begins.
  std::size_t used = 0;
  /// Whether the request is there to its end.
  bool whole = false;
};

/// Reads the request that `bytes` begin with, its body included, with the default limits and the
/// body's: what Parse does with bytes that are all there at once.
[[nodiscard]] Outcome<Frame> frame(std::string_view bytes, Request& request,
                                   std::uint64_t body_limit);

}  // namespace sevenstops::http
