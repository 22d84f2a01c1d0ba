#pragma once

#include <cstdint>
#include <string>

#include "base/asio.hpp"
#include "base/time.hpp"
#include "http/refusal.hpp"
#include "http/request.hpp"

namespace sevenstops::stops {

namespace asio = boost::asio;
using base::Clock;

/// A request's body as it comes, with its framing taken off.
class Content {
 public:
  /// Before anything is read of it: `request` says how it is framed.
  virtual void begin(const http::Request& request) = 0;
  /// Appends what comes next; false when it was the last. Refuses a broken framing, more than the
  /// limit it was made with, what did not come by `deadline`, and a peer that is gone.
  [[nodiscard]] virtual asio::awaitable<http::Outcome<bool>> next(std::string& out,
                                                                  Clock::time_point deadline) = 0;
  /// Asks for room for a body of so many bytes, before they come. False: the process holds all it
  /// may, and nobody is slow enough to be ended for it.
  [[nodiscard]] virtual bool reserve(std::uint64_t bytes) = 0;
  /// Whether some of it is here already.
  [[nodiscard]] virtual bool begun() const = 0;

 protected:
  ~Content() = default;
};

}  // namespace sevenstops::stops
