#include "stops/routes.hpp"

#include <stdexcept>
#include <utility>

#include "stops/handle/endpoint.hpp"

namespace sevenstops::stops {

void add_route(Router& router, const Chain& chain, Route route) {
  route.layers_before = chain.layers();
  chain.check(route);
  router.add(std::move(route));
}

Router make_routes(const RouteSettings& settings, Chain& chain) {
  constexpr bool open = true;
  constexpr bool closed = false;
  constexpr bool vital = true;
  Router router(settings);
  const auto add = [&](const char* method, const char* pattern, const char* endpoint, bool is_open,
                       bool is_vital = false) {
    const auto known = endpoints().find(endpoint);
    if (known == endpoints().end()) {
      throw std::logic_error("no endpoint is called " + std::string(endpoint));
    }
    add_route(router, chain,
              {.method = method,
               .pattern = pattern,
               .endpoint = &known->second,
               .open = is_open,
               .vital = is_vital});
  };
  if (chain.stands_first()) {
    chain.add_auth_layer();
  }
  add("GET", "/healthz", "healthz", open, vital);
  // The order in which a careless service registers: the parameter before the static name, the
  // protected route before the layer that protects it.
  add("GET", "/users/{id}", "user", open);
  add("GET", "/users/me", "user_me", open);
  add("GET", "/admin", "admin", open);
  add("POST", "/admin/wipe", "wipe", closed);
  if (!chain.stands_first()) {
    chain.add_auth_layer();
  }
  add("POST", "/echo", "echo", open);
  add("GET", "/orders", "orders", open);
  add("GET", "/report", "report", open);
  add("GET", "/page", "page", open);
  add("GET", "/export.csv", "export_csv", open);
  add("GET", "/picture.png", "picture", open);
  add("GET", "/openapi.json", "openapi", open);
  return router;
}

}  // namespace sevenstops::stops
