#include "stops/middleware/chain.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <boost/system/error_code.hpp>
#include <stdexcept>
#include <string_view>

#include "http/characters.hpp"

namespace sevenstops::stops {
namespace {

// What the auth layer guards where it goes by paths.
constexpr std::string_view guarded_prefix = "/admin/";

void move_before(std::vector<Layer>& order, Layer layer, Layer other) {
  std::erase(order, layer);
  order.insert(std::ranges::find(order, other), layer);
}

}  // namespace

std::shared_ptr<RateLimiter> make_limiter(const MiddlewareSettings& s) {
  return s.rate_limit > 0
             ? std::make_shared<RateLimiter>(s.rate_limit, s.rate_burst, s.rate_clients)
             : nullptr;
}

std::vector<Layer> order_of(const MiddlewareSettings& settings) {
  std::vector<Layer> order(outermost_first.begin(), outermost_first.end());
  if (!settings.body_after_auth) {
    move_before(order, Layer::body, Layer::auth);
  }
  if (settings.error_boundary == ErrorBoundary::innermost) {
    move_before(order, Layer::error_boundary, Layer::handler);
  }
  if (settings.rate_limit == 0 || !settings.rate_limit_first) {
    std::erase(order, Layer::rate_limit);
  }
  if (settings.rate_limit > 0 && !settings.rate_limit_first) {
    order.push_back(Layer::rate_limit);
  }
  return order;
}

Chain::Chain(const MiddlewareSettings& settings, std::string token,
             std::shared_ptr<RateLimiter> limiter)
    : settings_(settings),
      token_(std::move(token)),
      limiter_(limiter != nullptr ? std::move(limiter) : make_limiter(settings)),
      order_(order_of(settings)) {}

void Chain::check(const Route& route) const {
  if (route.open) {
    return;
  }
  const auto name = "route " + route.method + " " + route.pattern + " is not declared open and ";
  if (settings_.closed_by_default && route.layers_before == 0) {
    throw std::invalid_argument(name +
                                "was registered before the layer that asks for a token: register "
                                "it after that, or declare it open");
  }
  if (settings_.auth_by == AuthBy::path_prefix && !route.pattern.starts_with(guarded_prefix)) {
    throw std::invalid_argument(name + "its path does not begin with " +
                                std::string(guarded_prefix) +
                                ", where alone a token is asked for: set middleware.auth_by to "
                                "route, or declare it open");
  }
}

bool Chain::guards(const http::Request& request, const Route& route) const {
  if (settings_.auth_by == AuthBy::path_prefix) {
    return request.path.starts_with(guarded_prefix);
  }
  return settings_.closed_by_default ? !route.open : route.layers_before > 0 && !route.open;
}

http::Outcome<void> Chain::admit(const http::Request& request, const Route& route) const {
  if (!guards(request, route) || authenticated(request)) {
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

std::optional<boost::asio::ip::address> forwarded_for(const http::Request& request) {
  const auto field = std::find_if(
      request.fields.rbegin(), request.fields.rend(),
      [](const http::HeaderField& f) { return http::iequals(f.name, "x-forwarded-for"); });
  if (field == request.fields.rend()) {
    return std::nullopt;
  }
  auto text = field->value.substr(field->value.rfind(',') + 1);
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(std::string(text), error);
  return error ? std::nullopt : std::optional(address);
}

boost::asio::ip::address Chain::client_of(const http::Request& request,
                                          const boost::asio::ip::address& peer) const {
  return settings_.client_by == ClientBy::x_forwarded_for ? forwarded_for(request).value_or(peer)
                                                          : peer;
}

Quota Chain::take(const http::Request& request, const boost::asio::ip::address& peer,
                  Clock::time_point now) {
  return limiter_->take(client_of(request, peer), now);
}

}  // namespace sevenstops::stops
