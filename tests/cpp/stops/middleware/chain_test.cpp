#include "stops/middleware/chain.hpp"

#include <gtest/gtest.h>

namespace sevenstops::stops {
namespace {

http::Request with(std::string_view authorization) {
  http::Request request;
  request.fields.push_back({"Authorization", authorization});
  return request;
}

Route route(bool open, int layers_before = 0) {
  return {.method = "GET", .pattern = "/", .open = open, .layers_before = layers_before};
}

TEST(Chain, TakesTheTokenAndNothingElse) {
  const Chain chain({}, "let-me-in");
  EXPECT_TRUE(chain.authenticated(with("Bearer let-me-in")));
  // RFC 9110, 11.1.
  EXPECT_TRUE(chain.authenticated(with("bearer let-me-in")));
  EXPECT_TRUE(chain.authenticated(with("BEARER let-me-in")));
  for (const auto* wrong :
       {"", "let-me-in", "Bearer", "Bearer ", "Bearer let-me-iN", "Bearer let-me-in ",
        "Bearer  let-me-in", "Bearer let-me-i", "Basic! let-me-in", "Bearer xet-me-in"}) {
    EXPECT_FALSE(chain.authenticated(with(wrong))) << wrong;
  }
  EXPECT_FALSE(chain.authenticated({}));
}

TEST(Chain, ClosedRoutesNeedTheTokenWhereverTheyWereRegistered) {
  const Chain chain({.closed_by_default = true}, "let-me-in");
  for (const int layers : {0, 1}) {
    const auto refused = chain.admit({}, route(false, layers));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason, http::Reason::unauthenticated);
    EXPECT_EQ(refused.error().status(), 401U);
    EXPECT_TRUE(chain.admit(with("Bearer let-me-in"), route(false, layers)));
    EXPECT_TRUE(chain.admit({}, route(true, layers)));
  }
}

TEST(Chain, TheCarelessWayALayerGuardsWhatComesAfterIt) {
  const Chain chain({.closed_by_default = false}, "let-me-in");
  EXPECT_TRUE(chain.admit({}, route(false, 0)));
  EXPECT_FALSE(chain.admit({}, route(false, 1)));
  EXPECT_TRUE(chain.admit({}, route(true, 1)));
  EXPECT_TRUE(chain.admit(with("Bearer let-me-in"), route(false, 1)));
}

TEST(Chain, CountsItsLayers) {
  Chain chain({}, "let-me-in");
  EXPECT_EQ(chain.layers(), 0);
  chain.add_auth_layer();
  EXPECT_EQ(chain.layers(), 1);
}

}  // namespace
}  // namespace sevenstops::stops
