#pragma once

#include <chrono>
#include <string>

#include "load/load.hpp"

namespace sevenstops::load {

/// One answer.
struct Fetched {
  unsigned status = 0;
  std::string body;
};

/// Asks once for `path` and waits for the whole answer, of 16 MiB at most. Throws
/// std::runtime_error in one sentence when none comes within `patience`.
[[nodiscard]] Fetched fetch(const Target& target, const std::string& path,
                            std::chrono::milliseconds patience);

/// The same by POST, without a body.
[[nodiscard]] Fetched post(const Target& target, const std::string& path,
                           std::chrono::milliseconds patience);

}  // namespace sevenstops::load
