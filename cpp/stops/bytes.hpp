#pragma once

#include <cstddef>
#include <string_view>

#include "base/asio.hpp"
#include "base/time.hpp"

namespace sevenstops::stops {

namespace asio = boost::asio;
using base::Clock;

/// The bytes that a peer sends on a connection, and those read that no request has used yet.
class Bytes {
 public:
  enum class Read { some, ended, timed_out };

  [[nodiscard]] virtual std::string_view unread() const = 0;
  virtual void consume(std::size_t n) = 0;
  /// Whether they come by TLS.
  [[nodiscard]] virtual bool secure() const { return false; }
  /// Reads at least a byte, `at_most` so many, behind those that are unread. `ended`: the peer has
  /// closed its side, or failed.
  [[nodiscard]] virtual asio::awaitable<Read> more(Clock::time_point deadline,
                                                   std::size_t at_most) = 0;

 protected:
  ~Bytes() = default;
};

}  // namespace sevenstops::stops
