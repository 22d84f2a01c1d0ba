#include "stops/http2/content.hpp"

#include <algorithm>
#include <utility>

namespace sevenstops::stops {

using http::Outcome;
using http::Reason;

asio::awaitable<Outcome<bool>> Http2Content::next(std::string& out, Clock::time_point deadline) {
  while (stream_.in.empty() && !stream_.received && !stream_.cut_short && !stream_.closed) {
    if (co_await connection_.wait(stream_, Http2Connection::Waiting::sending, deadline)) {
      co_return Reason::body_timeout;
    }
  }
  if (stream_.bad_trailer) {
    co_return Reason::trailer_field;
  }
  if (stream_.in.empty() && !stream_.received) {
    co_return Reason::closed;
  }
  const auto piece = std::exchange(stream_.in, {});
  append_within(out, piece, limit_);
  connection_.session().consume(stream_, piece.size());
  connection_.wake();
  if (out.size() > limit_) {
    co_return Reason::body_limit;
  }
  co_return !stream_.received;
}

}  // namespace sevenstops::stops
