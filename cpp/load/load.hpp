#pragma once

#include <cstdint>
#include <string>

#include "load/plan.hpp"
#include "load/recorder.hpp"

namespace sevenstops {

/// Sends the plan's load to 127.0.0.1:`port` and waits for its end. Throws std::invalid_argument
/// for a plan that makes no sense and std::runtime_error when nothing listens there.
[[nodiscard]] LoadResult run_load(const Plan& plan, std::uint16_t port);

}  // namespace sevenstops
