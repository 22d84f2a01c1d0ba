#include "stops/route/router.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "stops/handle/endpoint.hpp"

namespace sevenstops::stops {
namespace {

const Endpoint echo{"echo"};
const Endpoint healthz{"healthz"};
const Endpoint user{"user"};
const Endpoint user_me{"user_me"};
const Endpoint wipe{"wipe"};

Router users(bool tree, bool normalize) {
  Router router({.tree = tree, .normalize_paths = normalize});
  router.add({"GET", "/users/{id}", &user});
  router.add({"GET", "/users/me", &user_me});
  router.add({"POST", "/admin/wipe", &wipe});
  return router;
}

TEST(Router, StaticStandsBeforeParameterWhateverTheOrder) {
  EXPECT_EQ(users(true, true).match("GET", "/users/me")->route->endpoint, &user_me);
  EXPECT_EQ(users(false, false).match("GET", "/users/me")->route->endpoint, &user);
}

TEST(Router, OddSpellingsReachTheSameHandler) {
  const auto router = users(true, true);
  for (const auto* path :
       {"//admin/wipe", "/./admin/wipe", "/%61dmin/wipe", "/x/../admin/wipe", "/admin/wipe/"}) {
    const auto match = router.match("POST", path);
    ASSERT_TRUE(match) << path;
    EXPECT_EQ(match->route->endpoint, &wipe) << path;
  }
  EXPECT_EQ(router.match("GET", "/../etc").error().status(), 400U);
  EXPECT_EQ(router.match("GET", "/admin/wipe").error().status(), 405U);
  EXPECT_EQ(router.match("GET", "/admin/wipe").error().allow, "POST");
  EXPECT_EQ(router.match("GET", "/admin%2Fwipe").error().status(), 404U);
}

TEST(Router, HeadTakesGetsRoute) {
  for (const bool tree : {true, false}) {
    const auto router = users(tree, tree);
    EXPECT_EQ(router.match("HEAD", "/users/7")->route->endpoint, &user);
    EXPECT_EQ(router.match("PUT", "/users/me").error().allow, "GET, HEAD");
  }
}

TEST(Router, GoesBackWhereStaticLedNowhere) {
  Router router({});
  router.add({"GET", "/a/{x}/c", &user});
  router.add({"GET", "/a/b", &healthz});
  const auto match = router.match("GET", "/a/b/c");
  ASSERT_TRUE(match);
  EXPECT_EQ(match->parameter, "b");
}

TEST(Router, RefusesAmbiguityWhenAdded) {
  auto router = users(true, true);
  EXPECT_THROW(router.add({"GET", "/users/{name}", &echo}), std::invalid_argument);
}

}  // namespace
}  // namespace sevenstops::stops
