#include "stops/middleware/chain.hpp"

#include <openssl/crypto.h>

namespace sevenstops {
Chain::Chain(const MiddlewareSettings& settings, std::string token)
    : settings_(settings), token_(std::move(token)) {}

Outcome<void> Chain::admit(const Request& request, const Route& route) const {
  const bool guarded =
      settings_.closed_by_default ? !route.open : route.layers_before > 0 && !route.open;
  if (!guarded) {
    return {};
  }
  if (authenticated(request)) {
    return {};
  }
  return Refusal{.reason = "unauthenticated", .status = 401, .close = false};
}

bool Chain::authenticated(const Request& request) const {
  constexpr std::string_view scheme = "Bearer ";
  const auto* authorization = request.find("authorization");
  if (authorization == nullptr || authorization->value.size() != scheme.size() + token_.size()) {
    return false;
  }
  // RFC 9110, 11.1: the scheme's name is case-insensitive.
  return iequals(authorization->value.substr(0, scheme.size()), scheme) &&
         CRYPTO_memcmp(authorization->value.data() + scheme.size(), token_.data(), token_.size()) ==
             0;
}

}  // namespace sevenstops
