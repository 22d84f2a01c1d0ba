#include "probes/isolation.hpp"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>

namespace sevenstops::probes {
namespace {

void write_file(const char* path, const std::string& text) { std::ofstream(path) << text; }

void bring_up_loopback() {
  const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request{};
  std::strncpy(request.ifr_name, "lo", IFNAMSIZ - 1);
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  ::ioctl(socket, SIOCSIFFLAGS, &request);
  ::close(socket);
}

}  // namespace

std::string isolate() {
  const auto uid = std::to_string(::getuid());
  const auto gid = std::to_string(::getgid());
  // The kernel forgets this signal when credentials change (commit_creds), as with a new user
  // namespace they do.
  int death_signal = 0;
  ::prctl(PR_GET_PDEATHSIG, &death_signal);
  std::string kind = "netns";
  if (::unshare(CLONE_NEWNET) != 0) {
    kind = "userns+netns";
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
      throw std::runtime_error(std::string("this system allows no network namespace: ") +
                               std::strerror(errno));
    }
    // user_namespaces(7): groups have to be denied before an unprivileged gid_map is written.
    write_file("/proc/self/setgroups", "deny");
    write_file("/proc/self/uid_map", "0 " + uid + " 1");
    write_file("/proc/self/gid_map", "0 " + gid + " 1");
    ::prctl(PR_SET_PDEATHSIG, death_signal);
  }
  bring_up_loopback();
  return kind;
}

}  // namespace sevenstops::probes
