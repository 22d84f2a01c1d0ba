#pragma once

#include <array>
#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "http/refusal.hpp"
#include "http/request.hpp"
#include "stops/match.hpp"
#include "stops/middleware/rate_limiter.hpp"
#include "stops/middleware/settings.hpp"

namespace sevenstops::stops {

/// What a request passes between its route and its answer.
enum class Layer : std::uint8_t {
  /// What is thrown from here on is answered with 500.
  error_boundary,
  /// What can be refused by what the head declares.
  limits,
  auth,
  rate_limit,
  /// The body is read.
  body,
  /// The handler's work, within the bound on requests in progress, and what Serialize makes of it.
  handler
};

/// The chain.
inline constexpr std::array outermost_first = {Layer::error_boundary, Layer::limits,
                                               Layer::auth,           Layer::rate_limit,
                                               Layer::body,           Layer::handler};

/// The chain as the settings have it: what is careless about them is a layer in another place. A
/// rate that is not limited has no layer.
[[nodiscard]] std::vector<Layer> order_of(const MiddlewareSettings& settings);

/// What threads share of a rate's limit; nullptr where there is none.
[[nodiscard]] std::shared_ptr<RateLimiter> make_limiter(const MiddlewareSettings& settings);

/// Middleware: the layers between a matched route and its handler.
class Chain {
 public:
  /// `limiter` is that of all threads; without one the chain makes its own where a rate is limited.
  Chain(const MiddlewareSettings& settings, std::string token,
        std::shared_ptr<RateLimiter> limiter = nullptr);

  [[nodiscard]] const std::vector<Layer>& order() const { return order_; }

  /// How many layers stand at this moment of the registration.
  [[nodiscard]] int layers() const { return layers_; }
  void add_auth_layer() { ++layers_; }
  /// Whether the chain is put up before the first route.
  [[nodiscard]] bool stands_first() const { return settings_.closed_by_default; }
  /// Throws std::invalid_argument, naming the route, for one that is not open and that the chain
  /// would not guard: registered before it with `closed_by_default`, or elsewhere than the paths
  /// that it goes by. Without `closed_by_default` nobody asks when a route was registered: that is
  /// the mistake which this setting stands for, and a service that makes it starts.
  void check(const Route& route) const;

  /// 401 for a route that is not open and a request without the token. Without
  /// `closed_by_default` a layer guards only the routes registered after it.
  [[nodiscard]] http::Outcome<void> admit(const http::Request& request, const Route& route) const;
  /// Whether the request brings the token; takes as long for every wrong one of its length.
  [[nodiscard]] bool authenticated(const http::Request& request) const;

  /// Whether a rate is limited.
  [[nodiscard]] bool limits_rate() const { return limiter_ != nullptr; }
  /// Takes a request out of its client's quota; only where a rate is limited.
  [[nodiscard]] Quota take(const http::Request& request, const boost::asio::ip::address& peer,
                           Clock::time_point now);
  [[nodiscard]] std::string_view rate_policy() const { return limiter_->policy(); }

 private:
  [[nodiscard]] bool guards(const http::Request& request, const Route& route) const;
  [[nodiscard]] boost::asio::ip::address client_of(const http::Request& request,
                                                   const boost::asio::ip::address& peer) const;

  MiddlewareSettings settings_;
  std::string token_;
  std::shared_ptr<RateLimiter> limiter_;
  std::vector<Layer> order_;
  int layers_ = 0;
};

/// The client that the edge in front has seen: the last address in the last field X-Forwarded-For.
/// Nothing when there is none, or it is no address.
[[nodiscard]] std::optional<boost::asio::ip::address> forwarded_for(const http::Request& request);

}  // namespace sevenstops::stops
