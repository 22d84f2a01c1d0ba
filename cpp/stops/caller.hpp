#pragma once

#include "base/asio.hpp"
#include "base/time.hpp"

namespace sevenstops::stops {

namespace asio = boost::asio;
using base::Clock;

/// Whoever waits for a response, as a handler knows them.
class Caller {
 public:
  /// True, once the caller has left, which may be never; false, at once, when it is cancelled.
  [[nodiscard]] virtual asio::awaitable<bool> left() = 0;

  /// Whether the caller has closed its side: it has left, or will send nothing more and waits.
  [[nodiscard]] virtual bool closed() = 0;

  /// Sends an interim response (RFC 9110, 15.2), 100 or 102, where the caller may be sent one.
  /// False when it is gone, or took nothing for `timeout`.
  [[nodiscard]] virtual asio::awaitable<bool> interim(unsigned status, Clock::duration timeout) = 0;

 protected:
  ~Caller() = default;
};

}  // namespace sevenstops::stops
