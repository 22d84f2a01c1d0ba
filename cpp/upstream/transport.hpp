#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "base/asio.hpp"
#include "base/time.hpp"
#include "http/trace.hpp"

namespace sevenstops::upstream {

namespace asio = boost::asio;
using base::Clock;

inline constexpr unsigned ok = 200;
inline constexpr unsigned bad_gateway = 502;
inline constexpr unsigned unavailable = 503;
inline constexpr unsigned gateway_timeout = 504;

/// What travels with a request to a service beneath.
struct Context {
  /// When waiting ends.
  Clock::time_point limit;
  /// Passed on, when given.
  std::optional<Clock::time_point> deadline;
  http::Trace trace;
};

/// One attempt at one replica.
struct Attempt {
  std::uint16_t port = 0;
  /// Whether it may be sent again when a kept connection turns out to be closed.
  bool idempotent = true;
  /// Asks to be told when the work begins.
  bool tied = false;
  /// Called when it has begun.
  std::function<void()> begun;
};

/// How an attempt reaches its replica.
class Transport {
 public:
  virtual ~Transport() = default;
  /// The status of the answer; 502 when there is none, 504 when the time is over. When the caller
  /// is cancelled, throws operation_aborted, and the replica can tell.
  [[nodiscard]] virtual asio::awaitable<unsigned> exchange(const Attempt& attempt,
                                                           const Context& context) = 0;
};

}  // namespace sevenstops::upstream
