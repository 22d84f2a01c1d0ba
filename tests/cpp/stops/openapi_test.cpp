#include "stops/openapi.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "stops/handle/endpoint.hpp"
#include "stops/routes.hpp"
#include "stops/settings.hpp"
#include "store/order.hpp"

namespace sevenstops::stops {
namespace {

boost::json::value document() {
  const Settings settings;
  Chain chain(settings.middleware, "token");
  return boost::json::parse(openapi(make_routes(settings.route, chain)));
}

TEST(Openapi, EveryRouteIsInIt) {
  const Settings settings;
  Chain chain(settings.middleware, "token");
  const auto router = make_routes(settings.route, chain);
  const auto told = document();
  const auto& paths = told.at("paths").as_object();
  std::size_t operations = 0;
  for (const auto& path : paths) {
    operations += path.value().as_object().size();
  }
  EXPECT_EQ(operations, router.routes().size());
  for (const auto& route : router.routes()) {
    std::string method = route.method == "GET" ? "get" : "post";
    const auto& operation = paths.at(route.pattern).at(method).as_object();
    EXPECT_NE(operation.at("summary").as_string(), "") << route.pattern;
    EXPECT_EQ(operation.contains("security"), !route.open) << route.pattern;
    const auto& responses = operation.at("responses").as_object();
    EXPECT_EQ(responses.contains("401"), !route.open) << route.pattern;
    EXPECT_EQ(responses.contains("304"), route.endpoint->about.lasting) << route.pattern;
  }
}

TEST(Openapi, ARowHasTheColumnsOfTheTable) {
  const auto told = document();
  const auto& row = told.at_pointer("/components/schemas/Order");
  const store::Order order;
  std::size_t columns = 0;
  store::for_each_column(order, [&](const auto& column, const auto& field) {
    ++columns;
    const auto& type = row.at("properties").at(column.name()).at("type");
    EXPECT_EQ(type == "string", (std::is_same_v<decltype(field), const std::string&>));
  });
  EXPECT_EQ(row.at("properties").as_object().size(), columns);
  EXPECT_EQ(row.at("required").as_array().size(), columns);
}

TEST(Openapi, AWildcardIsSpeltAsAParameter) {
  Router router(RouteSettings{});
  const Endpoint* endpoint = &endpoints().at("user");
  router.add({.method = "GET", .pattern = "/files/{path...}", .endpoint = endpoint});
  router.add({.method = "GET", .pattern = "/none"});
  const auto told = boost::json::parse(openapi(router));
  EXPECT_TRUE(told.at("paths").as_object().contains("/files/{path}"));
  EXPECT_EQ(told.at("paths").as_object().size(), 1U);
}

}  // namespace
}  // namespace sevenstops::stops
