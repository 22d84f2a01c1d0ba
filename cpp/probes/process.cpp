#include "probes/process.hpp"

#include <unistd.h>

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

namespace sevenstops::probes {

ProcessProbe probe_process(int pid) {
  constexpr std::uint64_t kib = 1024;
  const auto folder = "/proc/" + std::to_string(pid);
  ProcessProbe probe;
  std::ifstream rollup(folder + "/smaps_rollup");
  std::string line;
  while (std::getline(rollup, line)) {
    std::istringstream words(line);
    std::string name;
    std::uint64_t value = 0;
    words >> name >> value;
    if (name == "Rss:") {
      probe.rss_bytes = value * kib;
    } else if (name == "Pss:") {
      probe.pss_bytes = value * kib;
    }
  }
  std::ifstream stat(folder + "/stat");
  if (!std::getline(stat, line) || probe.rss_bytes == 0) {
    throw std::runtime_error("process " + std::to_string(pid) + " is gone");
  }
  // The name in parentheses may hold anything; the fields are counted from its end.
  std::istringstream fields(line.substr(line.rfind(')') + 2));
  std::string skipped;
  constexpr int before_utime = 11;
  for (int i = 0; i < before_utime; ++i) {
    fields >> skipped;
  }
  double user = 0;
  double system = 0;
  fields >> user >> system;
  probe.cpu_seconds = (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
  return probe;
}

}  // namespace sevenstops::probes
