#include "probes/isolation.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <stdexcept>

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

}  // namespace
}  // namespace sevenstops::probes
