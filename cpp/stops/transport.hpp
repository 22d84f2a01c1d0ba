#pragma once

#include <cstdint>
#include <optional>

#include "base/time.hpp"

namespace sevenstops::stops {

using base::Clock;

/// A connection, for those who look at all of them: who is slow, silent or overdue.
class Transport {
 public:
  /// Ends what waits for longer than it may. Called now and then by the I/O thread, so that a
  /// deadline costs no system call.
  virtual void give_up_overdue(Clock::time_point now) = 0;
  /// Whether its peer has sent something, read or not, since it began to wait.
  [[nodiscard]] virtual bool has_heard() = 0;
  /// The service stops: no request should begin here any more. `last`: none may, and a connection
  /// that is silent ends. Called again and again.
  virtual void leave(bool last) = 0;
  /// Ends the connection; whoever reads it meets its end.
  virtual void close() = 0;
  /// Whether it waits for its peer, and the peer has sent or taken less than so many bytes a second
  /// of late: how many. Nothing is known before a second.
  [[nodiscard]] virtual std::optional<double> slower_than(std::int64_t sent, std::int64_t taken,
                                                          Clock::time_point now) const = 0;

 protected:
  ~Transport() = default;
};

}  // namespace sevenstops::stops
