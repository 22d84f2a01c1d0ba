#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/asio.hpp"
#include "base/time.hpp"
#include "http/refusal.hpp"
#include "stops/response.hpp"

namespace sevenstops::stops {

using base::Clock;

/// Where a response goes: frames it as its protocol has it, and hands the bytes to the transport.
/// Nothing but a writer writes to a socket.
class Writer {
 public:
  /// Frames the head, then pieces of the body, then the end; nothing is sent by that.
  virtual void head(const Response& response, bool keep_alive) = 0;
  virtual void piece(std::string_view bytes) = 0;
  virtual void end() = 0;

  /// Bytes framed of this response, its head included.
  [[nodiscard]] virtual std::uint64_t framed() const = 0;
  /// Those of them that the transport has not taken.
  [[nodiscard]] virtual std::size_t pending() const = 0;
  /// Hands over what the transport takes at once. False when it is broken.
  [[nodiscard]] virtual bool flush_some() = 0;
  /// Hands over all of it; progress gets `timeout` anew. Refuses a peer that takes nothing in that
  /// time, or is gone.
  [[nodiscard]] virtual asio::awaitable<http::Outcome<void>> flush(Clock::duration timeout) = 0;

 protected:
  ~Writer() = default;
};

}  // namespace sevenstops::stops
