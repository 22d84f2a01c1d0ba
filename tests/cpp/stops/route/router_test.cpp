#include "stops/route/router.hpp"

#include <gtest/gtest.h>

#include <array>
#include <stdexcept>
#include <string>
#include <tuple>
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
  EXPECT_EQ(router.match("BREW", "/admin/wipe").error().status(), 501U);
  EXPECT_EQ(router.match("BREW", "/nothing").error().status(), 404U);
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
  for (const auto* path : {"//users/me", "/x/../users/me", "/../users", "/users/me/"}) {
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

TEST(Router, AWildcardTakesTheRest) {
  for (const bool tree : {true, false}) {
    Router router({.tree = tree, .odd_paths = OddPaths::raw});
    router.add({"GET", "/files/{path...}", &echo});
    for (const auto& [path, rest] : {std::pair{"/files/a", "a"},
                                     {"/files/a/b.txt", "a/b.txt"},
                                     {"/files/a/", "a/"},
                                     {"/files//", "/"}}) {
      const auto match = router.match("GET", path);
      ASSERT_TRUE(match) << path;
      EXPECT_EQ(match->parameter, rest);
    }
    for (const auto* path : {"/files", "/files/", "/filesa", "/", "/file/s"}) {
      EXPECT_EQ(router.match("GET", path).error().reason, http::Reason::no_route) << path;
    }
    EXPECT_EQ(router.match("POST", "/files/a/b").error().allow, "GET, HEAD, OPTIONS");
  }
}

TEST(Router, AWildcardStandsLastAndEveryStepIsGoneBack) {
  Router router({});
  router.add({"GET", "/{rest...}", &wipe});
  router.add({"GET", "/a/{rest...}", &echo});
  router.add({"GET", "/a/{x}", &user});
  router.add({"GET", "/a/b", &user_me});
  router.add({"GET", "/a/b/{y}/d", &healthz});
  const auto chosen = [&](const char* path) {
    const auto match = router.match("GET", path);
    return match ? std::pair(match->route->endpoint, match->parameter)
                 : std::pair(static_cast<const Endpoint*>(nullptr), std::string());
  };
  EXPECT_EQ(chosen("/a/b"), std::pair(&user_me, std::string()));
  EXPECT_EQ(chosen("/a/c"), std::pair(&user, std::string("c")));
  EXPECT_EQ(chosen("/a/b/c/d"), std::pair(&healthz, std::string("c")));
  EXPECT_EQ(chosen("/a/b/c/e"), std::pair(&echo, std::string("b/c/e")));
  EXPECT_EQ(chosen("/a"), std::pair(&wipe, std::string("a")));
  EXPECT_EQ(chosen("/b/c"), std::pair(&wipe, std::string("b/c")));
  EXPECT_EQ(router.match("GET", "/").error().reason, http::Reason::no_route);
}

TEST(Router, TheLastParameterIsTheRequests) {
  for (const bool tree : {true, false}) {
    Router router({.tree = tree});
    router.add({"GET", "/users/{id}/orders/{order}", &user});
    EXPECT_EQ(router.match("GET", "/users/7/orders/9")->parameter, "9");
  }
}

TEST(Router, TheRootIsAPath) {
  for (const bool tree : {true, false}) {
    Router router({.tree = tree});
    router.add({"GET", "/", &healthz});
    EXPECT_TRUE(router.match("GET", "/"));
    EXPECT_FALSE(router.match("GET", "/a"));
    EXPECT_FALSE(router.match("GET", ""));
  }
}

TEST(Router, FindsEachOfManyRoutes) {
  Router router({});
  for (int i = 0; i < 3000; ++i) {
    router.add({"GET", "/group" + std::to_string(i % 50) + "/name" + std::to_string(i)});
    router.add({"GET", "/group" + std::to_string(i % 50) + "/name" + std::to_string(i) + "/{x}"});
  }
  for (int i = 0; i < 3000; ++i) {
    const auto path = "/group" + std::to_string(i % 50) + "/name" + std::to_string(i);
    EXPECT_EQ(router.match("GET", path)->route->pattern, path);
    EXPECT_EQ(router.match("GET", path + "/7")->route->pattern, path + "/{x}");
    EXPECT_FALSE(router.match("GET", path + "0/7/8"));
  }
}

// What a router says of a route that it doesn't take.
std::string refused(Router& router, Route route) {
  try {
    router.add(std::move(route));
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "taken";
}

TEST(Router, RefusesAmbiguityNamingBothRoutes) {
  auto router = users(true, OddPaths::match);
  EXPECT_EQ(refused(router, {"GET", "/users/{name}", &echo}),
            "route GET /users/{name} matches the same requests as GET /users/{id}");
  EXPECT_EQ(refused(router, {"POST", "/admin/wipe", &echo}),
            "route POST /admin/wipe matches the same requests as POST /admin/wipe");
  EXPECT_EQ(refused(router, {"GET", "/users/{rest...}"}), "taken");
  EXPECT_EQ(refused(router, {"GET", "/users/{others...}"}),
            "route GET /users/{others...} matches the same requests as GET /users/{rest...}");
  EXPECT_EQ(refused(router, {"POST", "/users/{name}"}), "taken");
  // Nothing is left of those that were refused.
  EXPECT_EQ(router.match("GET", "/users/7")->route->endpoint, &user);
  EXPECT_EQ(router.match("PUT", "/users/7").error().allow, "GET, HEAD, POST, OPTIONS");
  auto careless = users(false, OddPaths::raw);
  EXPECT_EQ(refused(careless, {"GET", "/users/{name}", &echo}), "taken");
}

TEST(Router, RefusesRoutesThatSayNothing) {
  for (const auto& [method, pattern, says] :
       {std::tuple{"GET", "users", "has no slash in front"},
        {"GET", "/{}", "has a parameter without a name of letters, digits and underscores"},
        {"GET", "/{a", "has a parameter without a name of letters, digits and underscores"},
        {"GET", "/{...}", "has a parameter without a name of letters, digits and underscores"},
        {"GET", "/a{b}", "has a brace within a segment"},
        {"GET", "/{a...}/b", "goes on after its wildcard"},
        {"GET", "/a/", "is not in normal form, as all paths are"},
        {"GET", "/a//{b}", "is not in normal form, as all paths are"},
        {"", "/a", "has no method that could be asked for"},
        {"HEAD", "/a", "would never be asked: HEAD takes the route of GET"}}) {
    Router router({});
    EXPECT_EQ(refused(router, {method, pattern}),
              "route " + std::string(method) + " " + pattern + " " + says);
  }
  Router router({.odd_paths = OddPaths::raw});
  EXPECT_EQ(refused(router, {"GET", "/a/"}), "taken");
  EXPECT_TRUE(router.match("GET", "/a/"));
  EXPECT_FALSE(router.match("GET", "/a"));
}

}  // namespace
}  // namespace sevenstops::stops
