#include "stops/http2/writer.hpp"

#include <utility>

#include "http/response.hpp"
#include "stops/response_head.hpp"

namespace sevenstops::stops {

using http::Outcome;
using http::Reason;

// A stream has an end of its own: what HTTP/1.1 would say of the connection is not said.
void Http2Writer::head(const Response& response, bool /*keep_alive*/) {
  auto head = head_of(response);
  if (!response.source) {
    head.content_length = response.bytes.size();
  }
  head_.clear();
  http::append_head(head_, head);
  framed_ = head_.size();
  stream_.finished = stream_.request.method == "HEAD" || !http::may_have_content(response.status);
}

void Http2Writer::piece(std::string_view bytes) {
  stream_.out.append(bytes);
  framed_ += bytes.size();
  connection_.account(stream_);
}

void Http2Writer::hand_over() {
  if (stream_.closed) {
    return;
  }
  if (!stream_.submitted) {
    connection_.session().submit(stream_, std::exchange(head_, {}));
  } else if (stream_.finished || !stream_.pending().empty()) {
    connection_.session().resume(stream_);
  }
}

bool Http2Writer::flush_some() {
  hand_over();
  connection_.pump();
  return !stream_.closed;
}

asio::awaitable<Outcome<void>> Http2Writer::flush(Clock::duration timeout) {
  hand_over();
  connection_.wake();
  auto deadline = Clock::now() + timeout;
  while (!stream_.sent()) {
    if (stream_.closed) {
      co_return Reason::closed;
    }
    const bool late =
        co_await connection_.wait(stream_, Http2Connection::Waiting::taking, deadline);
    if (std::exchange(stream_.progress, false)) {
      deadline = Clock::now() + timeout;
    } else if (late) {
      co_return Reason::write_timeout;
    }
  }
  co_return Outcome<void>();
}

}  // namespace sevenstops::stops
