#pragma once

#include <cstdint>

namespace sevenstops::probes {

/// A process's memory and processor time (proc(5)).
struct ProcessProbe {
  std::uint64_t rss_bytes = 0;
  std::uint64_t pss_bytes = 0;
  double cpu_seconds = 0;
};

/// Reads /proc/PID/smaps_rollup and stat. Throws std::runtime_error when the process is gone.
[[nodiscard]] ProcessProbe probe_process(int pid);

}  // namespace sevenstops::probes
