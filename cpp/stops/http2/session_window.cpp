#include <algorithm>
#include <utility>

#include "stops/http2/session.hpp"

namespace sevenstops::stops {

// What a response may take of the connection's window. Clients that say nothing have 65,535 bytes
// for each stream and for all of them together (RFC 9113, 6.5.2 and 6.9.2), so that one response
// which is not read would leave nothing. Only one that is whole and has room in the reserve may
// take from it.
std::int64_t Http2Session::window_for(const Http2Stream& stream) const {
  const std::int64_t window = nghttp2_session_get_remote_window_size(session_.get());
  const auto size = static_cast<std::int64_t>(stream.framed + stream.pending().size());
  return stream.finished && size <= reserve_ ? window
                                             : std::max(window - reserve_, std::int64_t{0});
}

void Http2Session::window_grew() {
  for (const auto id : std::exchange(kept_back_, {})) {
    nghttp2_session_resume_data(session_.get(), id);
  }
}

}  // namespace sevenstops::stops
