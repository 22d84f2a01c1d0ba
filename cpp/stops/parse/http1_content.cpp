#include "stops/parse/http1_content.hpp"

#include <algorithm>
#include <utility>

namespace sevenstops::stops {

using http::Outcome;
using http::Reason;

void Http1Content::begin(const http::Request& request) {
  decoder_.reset();
  left_ = request.content_length.value_or(0);
  if (request.chunked) {
    decoder_.emplace(limit_, chunks_);
  }
}

// What is here already; whether more has to come.
Outcome<bool> Http1Content::take(std::string& out) {
  if (decoder_) {
    const auto used = decoder_->decode(
        bytes_.unread(), [&](std::string_view piece) { append_within(out, piece, limit_); });
    if (!used) {
      return used.error();
    }
    bytes_.consume(*used);
    return !decoder_->done();
  }
  const auto taken = std::min<std::uint64_t>(left_, bytes_.unread().size());
  append_within(out, bytes_.unread().substr(0, taken), limit_);
  bytes_.consume(taken);
  left_ -= taken;
  if (out.size() > limit_) {
    return Reason::body_limit;
  }
  return left_ > 0;
}

asio::awaitable<Outcome<bool>> Http1Content::next(std::string& out, Clock::time_point deadline) {
  constexpr std::size_t read_size = 65536;
  if (!bytes_.unread().empty()) {
    co_return take(out);
  }
  const auto read = co_await bytes_.more(deadline, read_size);
  if (read != Bytes::Read::some) {
    co_return read == Bytes::Read::timed_out ? Reason::body_timeout : Reason::closed;
  }
  co_return take(out);
}

}  // namespace sevenstops::stops
