#include "probes/isolation.hpp"

#include <gtest/gtest.h>
#include <signal.h>
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

}  // namespace
}  // namespace sevenstops::probes
