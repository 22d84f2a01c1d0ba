#include "probes/isolation.hpp"

#include <gtest/gtest.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <stdexcept>
#include <string>
#include <thread>

namespace sevenstops::probes {
namespace {

std::string namespaces() {
  std::string all;
  for (const auto* path : {"/proc/self/ns/net", "/proc/self/ns/user"}) {
    std::array<char, PATH_MAX> name{};
    const auto size = ::readlink(path, name.data(), name.size());
    all.append(name.data(), static_cast<std::size_t>(std::max<ssize_t>(0, size)));
  }
  return all;
}

std::string network_of_this_thread() {
  std::array<char, PATH_MAX> name{};
  const auto size = ::readlink("/proc/thread-self/ns/net", name.data(), name.size());
  return {name.data(), static_cast<std::size_t>(std::max<ssize_t>(0, size))};
}

TEST(Trial, SaysWhatWentWrongAndChangesNothingHere) {
  int changed = 0;
  EXPECT_EQ(trial([&] {
              changed = 1;
              throw std::runtime_error("lo stays down");
            }),
            "lo stays down");
  EXPECT_EQ(changed, 0);
  EXPECT_EQ(trial([&] { changed = 1; }), "");
  EXPECT_EQ(changed, 0);
  EXPECT_EQ(trial([] { ::raise(SIGKILL); }), "the trial was killed");
}

TEST(Trial, OfIsolationLeavesThisProcessWhereItWas) {
  const auto before = namespaces();
  (void)trial([] { (void)isolate(); });
  EXPECT_EQ(namespaces(), before);
}

TEST(OwnNetwork, IsOfItsThreadAndLeftAgain) {
  if (!OwnNetwork::possible()) {
    GTEST_SKIP() << "this process may not have a network namespace of its own";
  }
  const auto before = network_of_this_thread();
  {
    OwnNetwork network;
    EXPECT_NE(network_of_this_thread(), before);
    std::thread([inside = network_of_this_thread()] {
      EXPECT_EQ(network_of_this_thread(), inside);
    }).join();
    network.leave();
    EXPECT_EQ(network_of_this_thread(), before);
    network.leave();
  }
  EXPECT_EQ(network_of_this_thread(), before);
}

TEST(OwnNetwork, SaysThatItsThreadCanNotGoBack) {
  if (!OwnNetwork::possible()) {
    GTEST_SKIP() << "this process may not have a network namespace of its own";
  }
  std::string said;
  // The rights that it gives up are its own.
  std::thread([&] {
    OwnNetwork network;
    __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    std::array<__user_cap_data_struct, 2> none{};
    ASSERT_EQ(::syscall(SYS_capset, &header, none.data()), 0);
    try {
      network.leave();
    } catch (const std::runtime_error& error) {
      said = error.what();
    }
  }).join();
  EXPECT_EQ(said, "the thread can't go back to its network namespace: Operation not permitted");
}

}  // namespace
}  // namespace sevenstops::probes
