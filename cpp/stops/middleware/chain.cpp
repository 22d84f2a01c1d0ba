#include "stops/middleware/chain.hpp"

#include <openssl/crypto.h>

#include "http/characters.hpp"

namespace sevenstops::stops {

Chain::Chain(const MiddlewareSettings& settings, std::string token)
    : settings_(settings), token_(std::move(token)) {}

http::Outcome<void> Chain::admit(const http::Request& request, const Route& route) const {
  const bool guarded =
      settings_.closed_by_default ? !route.open : route.layers_before > 0 && !route.open;
  if (!guarded) {
    return {};
  }
  if (authenticated(request)) {
    return {};
  }
  return http::Reason::unauthenticated;
}

bool Chain::authenticated(const http::Request& request) const {
  constexpr std::string_view scheme = "Bearer ";
  const auto* authorization = request.find("authorization");
  if (token_.empty() || authorization == nullptr ||
      authorization->value.size() != scheme.size() + token_.size()) {
    return false;
  }
  // RFC 9110, 11.1: the scheme's name is case-insensitive.
  return http::iequals(authorization->value.substr(0, scheme.size()), scheme) &&
         CRYPTO_memcmp(authorization->value.data() + scheme.size(), token_.data(), token_.size()) ==
             0;
}

}  // namespace sevenstops::stops
