#include "stops/routes.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace sevenstops::stops {
namespace {

Route closed_route() { return {.method = "POST", .pattern = "/admin/erase", .open = false}; }

// How many layers stood when the protected route was registered.
int layers_before_wipe(const MiddlewareSettings& settings) {
  Chain chain(settings, "let-me-in");
  return make_routes({}, chain).match("POST", "/admin/wipe")->route->layers_before;
}

TEST(Routes, TheChainStandsBeforeTheFirst) {
  EXPECT_EQ(layers_before_wipe({}), 1);
  EXPECT_EQ(layers_before_wipe({.auth_by = AuthBy::path_prefix}), 1);
  // A careless service starts all the same.
  EXPECT_EQ(layers_before_wipe({.closed_by_default = false}), 0);
}

TEST(Routes, OneOutsideTheChainIsRefusedAtStart) {
  Chain chain({}, "let-me-in");
  Router router({});
  try {
    add_route(router, chain, closed_route());
    FAIL() << "it was taken";
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string(error.what()).find("route POST /admin/erase"), std::string::npos);
  }
  EXPECT_FALSE(router.match("POST", "/admin/erase"));
  chain.add_auth_layer();
  add_route(router, chain, closed_route());
  EXPECT_EQ(router.match("POST", "/admin/erase")->route->layers_before, 1);
}

}  // namespace
}  // namespace sevenstops::stops
