#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace sevenstops::probes {

/// The TcpExt counters of this network namespace (/proc/net/netstat), by name.
[[nodiscard]] std::map<std::string, std::int64_t> probe_tcp_ext();

}  // namespace sevenstops::probes
