#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "walk_fixture.hpp"

// What is counted where settings are careless: the counters that tell of a failure.

namespace sevenstops::stops {
namespace {

using fakes::WalkTest;
using http::Outcome;

Settings careless() {
  Settings settings;
  settings.route.odd_paths = OddPaths::match;
  settings.middleware = {.closed_by_default = false,
                         .body_after_auth = false,
                         .error_boundary = ErrorBoundary::innermost};
  settings.serialize.page_limit = 100'000;
  return settings;
}

class CarelessWalkTest : public WalkTest {
 protected:
  CarelessWalkTest() : WalkTest(careless()) {}

  Next post(const std::string& target, const std::string& fields, std::string body) {
    content.body = std::move(body);
    return walk_over({"POST " + target + " HTTP/1.1\r\nHost: a\r\nContent-Length: " +
                      std::to_string(content.body.size()) + "\r\n" + fields + "\r\n"});
  }
};

TEST_F(CarelessWalkTest, CountsWhatIsServedInAnOddSpelling) {
  EXPECT_EQ(walk("/healthz"), Next::request);
  EXPECT_EQ(metrics.route.odd.value(), 0U);
  EXPECT_EQ(walk("//healthz"), Next::request);
  EXPECT_EQ(writer.status, 200U);
  EXPECT_EQ(metrics.route.odd.value(), 1U);
  EXPECT_EQ(metrics.route.redirected.value(), 0U);
}

TEST_F(CarelessWalkTest, ALayersExceptionIsNoAnswer) {
  stops.faults = faults::Injection({faults::make_fault("failing-layer=1")}, clock);
  EXPECT_THROW((void)walk("/healthz", "Authorization: a\r\n"), std::runtime_error);
  EXPECT_EQ(writer.heads, 0);
  EXPECT_EQ(refused(), 0U);
  // A handler's is one still.
  EXPECT_EQ(walk("/throws"), Next::request);
  EXPECT_EQ(writer.status, 500U);
}

TEST_F(CarelessWalkTest, CountsStrangersThatAProtectedRouteLetsIn) {
  EXPECT_EQ(post("/admin/wipe", "Authorization: Bearer let-me-in\r\n", "x"), Next::request);
  EXPECT_EQ(writer.status, 200U);
  EXPECT_EQ(walk("/healthz"), Next::request);
  EXPECT_EQ(metrics.middleware.unauthenticated_admitted.value(), 0U);
  EXPECT_EQ(post("/admin/wipe", "", "x"), Next::request);
  EXPECT_EQ(writer.status, 200U);
  EXPECT_EQ(metrics.middleware.unauthenticated_admitted.value(), 1U);
}

TEST_F(WalkTest, WhoIsRefusedWasNotLetIn) {
  EXPECT_EQ(walk_over({"POST /admin/wipe HTTP/1.1\r\nHost: a\r\n\r\n"}), Next::request);
  EXPECT_EQ(writer.status, 401U);
  EXPECT_EQ(metrics.middleware.unauthenticated_admitted.value(), 0U);
}

TEST_F(CarelessWalkTest, CountsRefusalsForWhichMuchWasHeld) {
  stops.middleware = Chain({.closed_by_default = true, .body_after_auth = false}, "let-me-in");
  EXPECT_EQ(post("/admin/wipe", "", std::string(200'000, 'x')), Next::request);
  EXPECT_EQ(writer.status, 401U);
  EXPECT_EQ(metrics.parse.refused_costly.value(), 0U);
  EXPECT_EQ(post("/admin/wipe", "", std::string(300'000, 'x')), Next::request);
  EXPECT_EQ(writer.status, 401U);
  EXPECT_EQ(metrics.parse.refused_costly.value(), 1U);
}

TEST_F(CarelessWalkTest, CountsLargeAnswersOfRows) {
  EXPECT_EQ(walk("/orders?limit=500"), Next::request);
  EXPECT_LT(writer.body.size(), 100'000U);
  EXPECT_EQ(metrics.serialize.large.value(), 0U);
  writer.body.clear();
  EXPECT_EQ(walk("/orders?limit=5000"), Next::request);
  EXPECT_GT(writer.body.size(), 100'000U);
  EXPECT_EQ(metrics.serialize.large.value(), 1U);
  // What somebody sends is no page without an end.
  EXPECT_EQ(post("/echo", "", std::string(200'000, 'x')), Next::request);
  EXPECT_EQ(metrics.serialize.large.value(), 1U);
}

}  // namespace
}  // namespace sevenstops::stops
