#include "probes/tcp_ext.hpp"

#include <fstream>
#include <sstream>

namespace sevenstops::probes {

std::map<std::string, std::int64_t> probe_tcp_ext() {
  std::map<std::string, std::int64_t> counters;
  std::ifstream file("/proc/self/net/netstat");
  std::string names;
  std::string values;
  while (std::getline(file, names) && std::getline(file, values)) {
    std::istringstream name_words(names);
    std::istringstream value_words(values);
    std::string name;
    std::string prefix;
    std::int64_t value = 0;
    name_words >> name;
    value_words >> prefix;
    if (name != "TcpExt:") {
      continue;
    }
    while (name_words >> name && value_words >> value) {
      counters[name] = value;
    }
  }
  return counters;
}

}  // namespace sevenstops::probes
