#pragma once

#include <array>

namespace sevenstops {

/// Fault: a stop needs this share more time than it would, computing on its I/O thread; by the
/// stop's number. A stop that waits is prolonged by a share of its wait.
struct SlowStop {
  std::array<double, 7> share{};
};

}  // namespace sevenstops
