#pragma once

#include <string>

namespace sevenstops::probes {

/// Moves this process, which must have one thread, into a network namespace of its own with lo up;
/// with a user namespace around it where there is no CAP_SYS_ADMIN. "netns" or "userns+netns".
/// Throws std::runtime_error in one sentence where the kernel refuses; nothing has changed then.
[[nodiscard]] std::string isolate();

}  // namespace sevenstops::probes
