#include "probes/tcp_ext.hpp"

#include <gtest/gtest.h>

namespace sevenstops::probes {
namespace {

TEST(TcpExt, HasTheCountersOfThisNamespace) {
  const auto counters = probe_tcp_ext();
  for (const auto* name : {"ListenOverflows", "ListenDrops", "TCPTimeouts", "TCPReqQFullDrop"}) {
    ASSERT_TRUE(counters.contains(name)) << name;
    EXPECT_GE(counters.at(name), 0) << name;
  }
  // Those of IpExt are not among them.
  EXPECT_FALSE(counters.contains("InOctets"));
  EXPECT_FALSE(counters.contains("TcpExt:"));
}

TEST(TcpExt, CountersDoNotGoBack) {
  const auto before = probe_tcp_ext();
  const auto after = probe_tcp_ext();
  for (const auto* name : {"ListenOverflows", "ListenDrops", "TCPTimeouts"}) {
    EXPECT_GE(after.at(name), before.at(name)) << name;
  }
}

}  // namespace
}  // namespace sevenstops::probes
