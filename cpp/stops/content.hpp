#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/asio.hpp"
#include "base/time.hpp"
#include "http/refusal.hpp"
#include "http/request.hpp"

namespace sevenstops::stops {

namespace asio = boost::asio;
using base::Clock;

/// Appends to a body. It doubles as it grows, but no further than to the limit: a string by itself
/// would, as its reserve() doubles at least.
inline void append_within(std::string& out, std::string_view piece, std::uint64_t limit) {
  const std::uint64_t size = out.size() + piece.size();
  if (size > out.capacity()) {
    std::string grown;
    grown.reserve(std::max(size, std::min<std::uint64_t>(limit, 2 * out.capacity())));
    grown.append(out);
    out = std::move(grown);
  }
  out.append(piece);
}

/// A request's body as it comes, with its framing taken off.
class Content {
 public:
  /// Before anything is read of it: `request` says how it is framed.
  virtual void begin(const http::Request& request) = 0;
  /// Appends what comes next; false when it was the last. Refuses a broken framing, more than the
  /// limit it was made with, what did not come by `deadline`, and a peer that is gone.
  [[nodiscard]] virtual asio::awaitable<http::Outcome<bool>> next(std::string& out,
                                                                  Clock::time_point deadline) = 0;
  /// Asks for room for so many bytes of a body, before they come, where `more` beside them are
  /// free; those are not held. False: the process holds all it may, and nobody is slow enough to be
  /// ended for it.
  [[nodiscard]] virtual bool reserve(std::uint64_t bytes, std::uint64_t more) = 0;
  /// Whether some of it is here already.
  [[nodiscard]] virtual bool begun() const = 0;

 protected:
  ~Content() = default;
};

}  // namespace sevenstops::stops
