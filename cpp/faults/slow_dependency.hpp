#pragma once

#include <chrono>

namespace sevenstops {

/// Fault: the service needs this long for its own part of GET /page.
struct SlowDependency {
  std::chrono::duration<double> work{0};
};

}  // namespace sevenstops
