#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/setting.hpp"

namespace sevenstops::stops {

/// Where the layer stands that answers an exception with 500.
enum class ErrorBoundary : std::uint8_t {
  /// Around all other layers.
  outermost,
  /// Around the handler alone: what another layer throws ends the connection.
  innermost
};

inline constexpr std::array<std::string_view, 2> error_boundary_words = {"outermost", "innermost"};

/// By what the auth layer knows a protected route.
enum class AuthBy : std::uint8_t {
  /// By the route that was matched.
  route,
  /// By how the path begins, as it was sent.
  path_prefix
};

inline constexpr std::array<std::string_view, 2> auth_by_words = {"route", "path_prefix"};

/// Whom a request counts for in the rate limit.
enum class ClientBy : std::uint8_t {
  /// The peer's address; behind a proxy that is the proxy's.
  address,
  /// The last address of X-Forwarded-For: that which the edge has written.
  x_forwarded_for
};

inline constexpr std::array<std::string_view, 2> client_by_words = {"address", "x_forwarded_for"};

/// Middleware: what stands between a matched route and its handler.
struct MiddlewareSettings {
  bool closed_by_default = true;
  bool body_after_auth = true;
  ErrorBoundary error_boundary = ErrorBoundary::outermost;
  AuthBy auth_by = AuthBy::route;
  double rate_limit = 0;
  std::int64_t rate_burst = 20;
  std::int64_t rate_clients = 65536;
  bool rate_limit_first = true;
  ClientBy client_by = ClientBy::address;

  bool operator==(const MiddlewareSettings&) const = default;

  template <class Self, class Visit>
  static void fields(Self& s, Visit&& visit) {
    visit("closed_by_default", s.closed_by_default,
          base::about_switch("every layer guards every route unless the route is declared open"));
    visit("body_after_auth", s.body_after_auth,
          base::about_switch("read a body only for requests that were admitted"));
    visit("error_boundary", s.error_boundary,
          base::about_choice(error_boundary_words,
                             "an exception is answered with 500 wherever in the chain it comes "
                             "from, or only the handler's, and any other ends the connection"));
    visit("auth_by", s.auth_by,
          base::about_choice(auth_by_words,
                             "a token is asked for by the route that was matched, or where the "
                             "path as it was sent begins with /admin/"));
    visit("rate_limit", s.rate_limit,
          {"requests/s", 0, 1000000,
           "requests that one client may send in the long run, an IPv6 network of 64 bits being "
           "one; beyond it 429; 0: any number"});
    visit("rate_burst", s.rate_burst,
          {"requests", 1, 1000000, "requests that one client may have saved up for"});
    visit("rate_clients", s.rate_clients,
          {"clients", 1, 10000000,
           "clients whose rate is remembered; for a new one the least recently seen is forgotten"});
    visit("rate_limit_first", s.rate_limit_first,
          base::about_switch("ask for the rate before the handler's work instead of after it"));
    visit("client_by", s.client_by,
          base::about_choice(client_by_words,
                             "whom the rate is counted for: the peer's address, or the last one "
                             "in X-Forwarded-For, for use only behind an edge that writes it"));
  }
};

}  // namespace sevenstops::stops
