#include "probes/isolation.hpp"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <utility>

namespace sevenstops::probes {
namespace {

struct Descriptor {
  explicit Descriptor(int fd) : value(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (value >= 0) {
      ::close(value);
    }
  }
  int value;
};

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

void write_file(const char* path, const std::string& text) {
  const Descriptor file(::open(path, O_WRONLY | O_CLOEXEC));
  if (file.value < 0 ||
      ::write(file.value, text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    fail(std::string(path) + " can't be written");
  }
}

void bring_up_loopback() {
  const Descriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::strncpy(request.ifr_name, "lo", IFNAMSIZ - 1);
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  if (socket.value < 0 || ::ioctl(socket.value, SIOCSIFFLAGS, &request) != 0) {
    fail("lo can't be brought up");
  }
  if (::ioctl(socket.value, SIOCGIFFLAGS, &request) != 0 || (request.ifr_flags & IFF_UP) == 0) {
    throw std::runtime_error("lo stays down");
  }
}

void enter_network() {
  if (::unshare(CLONE_NEWNET) != 0) {
    fail("a network namespace is refused");
  }
  bring_up_loopback();
}

void enter_user_and_network() {
  const auto uid = std::to_string(::getuid());
  const auto gid = std::to_string(::getgid());
  // The kernel forgets this signal when credentials change (commit_creds), as with a new user
  // namespace they do.
  int death_signal = 0;
  ::prctl(PR_GET_PDEATHSIG, &death_signal);
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
    fail("a user namespace is refused");
  }
  // user_namespaces(7): groups have to be denied before an unprivileged gid_map is written.
  write_file("/proc/self/setgroups", "deny");
  write_file("/proc/self/uid_map", "0 " + uid + " 1");
  write_file("/proc/self/gid_map", "0 " + gid + " 1");
  ::prctl(PR_SET_PDEATHSIG, death_signal);
  bring_up_loopback();
}

}  // namespace

OwnNetwork::OwnNetwork() : before_(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)) {
  try {
    if (before_ < 0) {
      fail("the network namespace can't be opened");
    }
    enter_network();
  } catch (const std::runtime_error& error) {
    if (!go_back()) {
      throw std::runtime_error(std::string(error.what()) +
                               ", and the thread can't go back to its network namespace");
    }
    throw;
  }
}

bool OwnNetwork::go_back() {
  const Descriptor before(std::exchange(before_, -1));
  return before.value < 0 || ::setns(before.value, CLONE_NEWNET) == 0;
}

void OwnNetwork::leave() {
  if (!go_back()) {
    fail("the thread can't go back to its network namespace");
  }
}

void join_network(int network) {
  if (::setns(network, CLONE_NEWNET) != 0) {
    fail("the thread can't join a network namespace");
  }
}

bool OwnNetwork::possible() {
  bool found = false;
  // A namespace is a thread's: this one's end leaves nothing behind.
  std::thread([&] {
    try {
      const OwnNetwork network;
      found = ::access("/proc/sys/net/core/somaxconn", W_OK) == 0;
    } catch (const std::runtime_error&) {
      found = false;
    }
  }).join();
  return found;
}

std::string trial(const std::function<void()>& steps) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return std::string("no pipe: ") + std::strerror(errno);
  }
  const Descriptor reader(ends[0]);
  const pid_t child = ::fork();
  if (child == 0) {
    std::string trouble;
    try {
      steps();
    } catch (const std::exception& error) {
      trouble = error.what();
    }
    (void)!::write(ends[1], trouble.data(), trouble.size());
    ::_exit(0);
  }
  ::close(ends[1]);
  if (child < 0) {
    return std::string("no child process: ") + std::strerror(errno);
  }
  std::string trouble;
  std::array<char, 512> buffer{};
  for (ssize_t n = 1; n != 0;) {
    n = ::read(reader.value, buffer.data(), buffer.size());
    if (n < 0 && errno != EINTR) {
      return "the trial can't be read";
    }
    trouble.append(buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(0, n)));
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return trouble.empty() && !WIFEXITED(status) ? "the trial was killed" : trouble;
}

std::string isolate() {
  struct Way {
    const char* name;
    void (*enter)();
  };
  constexpr std::array ways = {Way{"netns", enter_network},
                               Way{"userns+netns", enter_user_and_network}};
  std::string trouble;
  for (const auto& way : ways) {
    trouble = trial(way.enter);
    if (trouble.empty()) {
      way.enter();
      return way.name;
    }
  }
  throw std::runtime_error("this system allows no network namespace: " + trouble);
}

}  // namespace sevenstops::probes
