#include "stops/middleware/chain.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

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

TEST(Chain, TheLayersStandInOneOrder) {
  using enum Layer;
  using Order = std::vector<Layer>;
  EXPECT_EQ(order_of({}), (Order{error_boundary, limits, auth, body, handler}));
  EXPECT_EQ(order_of({.rate_limit = 1}),
            (Order{error_boundary, limits, auth, rate_limit, body, handler}));
  EXPECT_EQ(order_of({.rate_limit = 1, .rate_limit_first = false}),
            (Order{error_boundary, limits, auth, body, handler, rate_limit}));
  EXPECT_EQ(order_of({.rate_limit_first = false}),
            (Order{error_boundary, limits, auth, body, handler}));
  EXPECT_EQ(order_of({.body_after_auth = false}),
            (Order{error_boundary, limits, body, auth, handler}));
  EXPECT_EQ(order_of({.error_boundary = ErrorBoundary::innermost, .rate_limit = 1}),
            (Order{limits, auth, rate_limit, body, error_boundary, handler}));
}

std::string refused_at_start(const Chain& chain, const Route& route) {
  try {
    chain.check(route);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

TEST(Chain, ARouteOutsideItIsRefusedAtStart) {
  const Chain chain({}, "let-me-in");
  EXPECT_EQ(refused_at_start(chain, route(false, 1)), "");
  EXPECT_EQ(refused_at_start(chain, route(true, 0)), "");
  EXPECT_EQ(refused_at_start(chain, route(false, 0)),
            "route GET / is not declared open and was registered before the layer that asks for a "
            "token: register it after that, or declare it open");
  // The mistake that the setting stands for.
  EXPECT_EQ(refused_at_start(Chain({.closed_by_default = false}, ""), route(false, 0)), "");
}

TEST(Chain, ARouteElsewhereThanTheGuardedPathsIsRefusedAtStart) {
  const Chain chain({.auth_by = AuthBy::path_prefix}, "let-me-in");
  EXPECT_NE(refused_at_start(chain, route(false, 1)).find("does not begin with /admin/"),
            std::string::npos);
  EXPECT_EQ(
      refused_at_start(
          chain, {.method = "POST", .pattern = "/admin/wipe", .open = false, .layers_before = 1}),
      "");
}

TEST(Chain, ByThePathOnlyItsSpellingIsGuarded) {
  const Chain careless({.auth_by = AuthBy::path_prefix}, "let-me-in");
  const Chain careful({}, "let-me-in");
  for (const auto* path : {"//admin/wipe", "/%61dmin/wipe", "/./admin/wipe", "/ADMIN/wipe"}) {
    http::Request request;
    request.path = path;
    EXPECT_TRUE(careless.admit(request, route(false, 1))) << path;
    EXPECT_FALSE(careful.admit(request, route(false, 1))) << path;
  }
  auto request = with("Bearer let-me-in");
  request.path = "/admin/wipe";
  EXPECT_TRUE(careless.admit(request, route(false, 1)));
  request.fields.clear();
  EXPECT_FALSE(careless.admit(request, route(false, 1)));
  request.path = "/admin";
  EXPECT_TRUE(careless.admit(request, route(true, 1)));
}

TEST(Chain, TheLastAddressIsTheEdgesWord) {
  const auto said = [](const std::vector<std::string_view>& values) -> std::string {
    http::Request request;
    for (const auto value : values) {
      request.fields.push_back({"X-Forwarded-For", value});
    }
    const auto address = forwarded_for(request);
    return address ? address->to_string() : "none";
  };
  EXPECT_EQ(said({}), "none");
  EXPECT_EQ(said({"192.0.2.1"}), "192.0.2.1");
  EXPECT_EQ(said({"192.0.2.1, 192.0.2.2"}), "192.0.2.2");
  EXPECT_EQ(said({"192.0.2.1,\t192.0.2.2 , 2001:db8::1"}), "2001:db8::1");
  EXPECT_EQ(said({"192.0.2.9", "192.0.2.1"}), "192.0.2.1");
  for (const auto* wrong : {"", " ", "unknown", "192.0.2.1,", "192.0.2.1:80", "192.0.2"}) {
    EXPECT_EQ(said({wrong}), "none") << wrong;
  }
}

TEST(Chain, CountsARateByWhomItIsTold) {
  const auto peer = boost::asio::ip::make_address("127.0.0.1");
  http::Request request;
  request.fields.push_back({"X-Forwarded-For", "192.0.2.1"});
  const MiddlewareSettings by_peer{.rate_limit = 1, .rate_burst = 1};
  auto by_edge = by_peer;
  by_edge.client_by = ClientBy::x_forwarded_for;
  for (const auto& settings : {by_peer, by_edge}) {
    Chain chain(settings, "");
    EXPECT_TRUE(chain.limits_rate());
    const auto now = Clock::now();
    EXPECT_TRUE(chain.take(request, peer, now).granted);
    // Without the field it is the peer's.
    EXPECT_EQ(chain.take({}, peer, now).granted, settings.client_by == ClientBy::x_forwarded_for);
  }
  EXPECT_FALSE(Chain({}, "").limits_rate());
}

TEST(Chain, CountsItsLayers) {
  Chain chain({}, "let-me-in");
  EXPECT_EQ(chain.layers(), 0);
  chain.add_auth_layer();
  EXPECT_EQ(chain.layers(), 1);
}

}  // namespace
}  // namespace sevenstops::stops
