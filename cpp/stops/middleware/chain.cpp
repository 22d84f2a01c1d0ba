#include "stops/middleware/chain.hpp"

namespace sevenstops {
namespace {

// Takes as long for every wrong token, so that its bytes can't be found one by one.
bool equal_in_constant_time(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) {
    return false;
  }
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]);
  }
  return difference == 0;
}

}  // namespace

Chain::Chain(const MiddlewareSettings& settings, std::string token)
    : settings_(settings), token_(std::move(token)) {}

Outcome<void> Chain::admit(const Request& request, const Route& route) const {
  const bool guarded =
      settings_.closed_by_default ? !route.open : route.layers_before > 0 && !route.open;
  if (!guarded) {
    return {};
  }
  constexpr std::string_view scheme = "Bearer ";
  const auto* authorization = request.find("authorization");
  // RFC 9110, 11.1: the scheme's name is case-insensitive.
  if (authorization != nullptr && authorization->value.size() > scheme.size() &&
      iequals(authorization->value.substr(0, scheme.size()), scheme) &&
      equal_in_constant_time(authorization->value.substr(scheme.size()), token_)) {
    return {};
  }
  return Refusal{.reason = "unauthenticated", .status = 401, .close = false};
}

}  // namespace sevenstops
