#include "base/descriptors.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

namespace sevenstops::base {

void reserve_descriptors(std::int64_t places) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || places < 1) {
    return;
  }
  const auto most = std::min<rlim_t>(limit.rlim_cur, std::int64_t{1} << 30);
  const int last =
      static_cast<int>(std::min<std::int64_t>(places, static_cast<std::int64_t>(most)) - 1);
  const int any = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (any < 0) {
    return;
  }
  const int highest = ::fcntl(any, F_DUPFD_CLOEXEC, last);
  if (highest >= 0) {
    ::close(highest);
  }
  ::close(any);
}

}  // namespace sevenstops::base
