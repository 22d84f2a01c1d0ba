#include "stops/accept/places.hpp"

#include <sys/resource.h>

#include <algorithm>

namespace sevenstops::stops {

std::int64_t connections_possible(std::int64_t wanted) {
  constexpr std::int64_t reserve = 64;
  constexpr std::int64_t share = 16;
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == RLIM_INFINITY) {
    return wanted;
  }
  const auto descriptors = static_cast<std::int64_t>(files.rlim_cur);
  return std::clamp<std::int64_t>(descriptors - std::max(reserve, descriptors / share), 1, wanted);
}

}  // namespace sevenstops::stops
