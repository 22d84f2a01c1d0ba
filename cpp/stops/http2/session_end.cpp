#include "stops/http2/session.hpp"

// What becomes of the streams when their connection ends, or its client's side of it.

namespace sevenstops::stops {

void Http2Session::cut_short() {
  for (auto it = streams_.begin(); it != streams_.end();) {
    auto& stream = *(it++)->second;
    if (!stream.served) {
      nghttp2_session_set_stream_user_data(session_.get(), stream.id, nullptr);
      close(stream);
    } else if (!stream.received) {
      stream.cut_short = true;
      stream.input.notify();
    }
  }
}

// A window that is larger by a byte needs no answer, as PING does.
void Http2Session::probe() {
  nghttp2_submit_window_update(session_.get(), NGHTTP2_FLAG_NONE, 0, 1);
}

void Http2Session::close_streams() {
  for (auto it = streams_.begin(); it != streams_.end();) {
    // It may go from the map.
    auto& stream = *(it++)->second;
    nghttp2_session_set_stream_user_data(session_.get(), stream.id, nullptr);
    close(stream);
  }
}

}  // namespace sevenstops::stops
