#include "stops/drain/server_timing.hpp"

#include <gtest/gtest.h>

namespace sevenstops::stops {
namespace {

using namespace std::chrono_literals;

TEST(ServerTiming, NamesEveryStopInWalkingOrder) {
  EXPECT_EQ(server_timing({}), "accept, parse, route, middleware, handle, serialize, drain");
}

TEST(ServerTiming, SaysMilliseconds) {
  Timings timings;
  timings[base::index(base::Stop::parse)] = 1us;
  timings[base::index(base::Stop::handle)] = 1234567us;
  timings[base::index(base::Stop::serialize)] = 0us;
  EXPECT_EQ(server_timing(timings),
            "accept, parse;dur=0.001, route, middleware, handle;dur=1234.567, serialize;dur=0.000, "
            "drain");
}

}  // namespace
}  // namespace sevenstops::stops
