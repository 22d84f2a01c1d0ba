#include "stops/route/router.hpp"

#include <gtest/gtest.h>

#include <array>
#include <stdexcept>
#include <utility>

#include "stops/handle/endpoint.hpp"

namespace sevenstops::stops {
namespace {

const Endpoint echo{"echo"};
const Endpoint healthz{"healthz"};
const Endpoint user{"user"};
const Endpoint user_me{"user_me"};
const Endpoint wipe{"wipe"};

Router users(bool tree, OddPaths odd_paths) {
  Router router({.tree = tree, .odd_paths = odd_paths});
  router.add({"GET", "/users/{id}", &user});
  router.add({"GET", "/users/me", &user_me});
  router.add({"POST", "/admin/wipe", &wipe});
  return router;
}

TEST(Router, StaticStandsBeforeParameterWhateverTheOrder) {
  EXPECT_EQ(users(true, OddPaths::match).match("GET", "/users/me")->route->endpoint, &user_me);
  EXPECT_EQ(users(false, OddPaths::raw).match("GET", "/users/me")->route->endpoint, &user);
}

TEST(Router, OddSpellingsReachTheSameHandler) {
  const auto router = users(true, OddPaths::match);
  for (const auto* path :
       {"//admin/wipe", "/./admin/wipe", "/%61dmin/wipe", "/x/../admin/wipe", "/admin/wipe/"}) {
    const auto match = router.match("POST", path);
    ASSERT_TRUE(match) << path;
    EXPECT_EQ(match->route->endpoint, &wipe) << path;
    EXPECT_TRUE(match->odd) << path;
  }
  EXPECT_FALSE(router.match("POST", "/admin/wipe")->odd);
  // It might lack a normal form, and doesn't.
  EXPECT_FALSE(router.match("GET", "/users/a%2Fb")->odd);
  EXPECT_EQ(router.match("GET", "/../etc").error().status(), 400U);
  EXPECT_EQ(router.match("GET", "/admin/wipe").error().status(), 405U);
  EXPECT_EQ(router.match("GET", "/admin/wipe").error().allow, "POST, OPTIONS");
  EXPECT_EQ(router.match("GET", "/admin%2Fwipe").error().status(), 404U);
}

// Each, and its normal form.
constexpr std::array<std::pair<const char*, const char*>, 9> odd = {{
    {"//users/me", "/users/me"},
    {"/users//me", "/users/me"},
    {"/users/me/", "/users/me"},
    {"/users/%6De", "/users/me"},
    {"/./users/me", "/users/me"},
    {"/x/%2e%2E/users/me", "/users/me"},
    {"/users/a%2fb", "/users/a%2Fb"},
    {"//evil.example//", "/evil.example"},
    {"//", "/"},
}};

TEST(Router, OddSpellingsAreRedirectedToTheirNormalForm) {
  const auto router = users(true, OddPaths::redirect);
  for (const auto& [path, normal] : odd) {
    const auto match = router.match("GET", path);
    ASSERT_TRUE(match) << path;
    EXPECT_EQ(match->route, nullptr) << path;
    EXPECT_EQ(match->location, normal) << path;
    // There it ends.
    const auto again = router.match("GET", normal);
    EXPECT_TRUE(!again || again->location.empty()) << normal;
  }
  EXPECT_EQ(router.match("GET", "/..//x").error().reason, http::Reason::path_form);
}

TEST(Router, OddSpellingsAreRefused) {
  const auto router = users(true, OddPaths::refuse);
  for (const auto& [path, normal] : odd) {
    const auto match = router.match("GET", path);
    ASSERT_FALSE(match) << path;
    EXPECT_EQ(match.error().reason, http::Reason::odd_path) << path;
  }
  EXPECT_EQ(router.match("GET", "/../users").error().reason, http::Reason::path_form);
}

TEST(Router, OddSpellingsAreOtherPathsWhereTheyAreComparedAsTheyAre) {
  const auto router = users(true, OddPaths::raw);
  for (const auto* path : {"//users/me", "/x/../users/me", "/../users"}) {
    EXPECT_EQ(router.match("GET", path).error().reason, http::Reason::no_route) << path;
  }
}

TEST(Router, WhatIsInNormalFormIsMatchedWhateverIsDoneWithTheOthers) {
  for (const auto odd_paths :
       {OddPaths::match, OddPaths::raw, OddPaths::redirect, OddPaths::refuse}) {
    const auto router = users(true, odd_paths);
    for (const auto* path : {"/users/.well", "/users/a%2Fb", "/users/...", "/users/%25"}) {
      const auto match = router.match("GET", path);
      ASSERT_TRUE(match) << path;
      EXPECT_EQ(match->route->endpoint, &user) << path;
    }
  }
}

TEST(Router, OptionsIsAnsweredWithTheMethods) {
  for (const bool tree : {true, false}) {
    const auto router = users(tree, tree ? OddPaths::match : OddPaths::raw);
    const auto one = router.match("OPTIONS", "/users/me");
    ASSERT_TRUE(one);
    EXPECT_EQ(one->route, nullptr);
    EXPECT_EQ(one->allow, "GET, HEAD, OPTIONS");
    const auto all = router.match("OPTIONS", "*");
    ASSERT_TRUE(all);
    EXPECT_EQ(all->route, nullptr);
    EXPECT_TRUE(all->allow.ends_with("OPTIONS")) << all->allow;
    EXPECT_EQ(router.match("OPTIONS", "/nothing").error().reason, http::Reason::no_route);
  }
}

TEST(Router, HeadTakesGetsRoute) {
  for (const bool tree : {true, false}) {
    const auto router = users(tree, tree ? OddPaths::match : OddPaths::raw);
    EXPECT_EQ(router.match("HEAD", "/users/7")->route->endpoint, &user);
    EXPECT_EQ(router.match("PUT", "/users/me").error().allow, "GET, HEAD, OPTIONS");
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
  auto router = users(true, OddPaths::match);
  EXPECT_THROW(router.add({"GET", "/users/{name}", &echo}), std::invalid_argument);
}

}  // namespace
}  // namespace sevenstops::stops
