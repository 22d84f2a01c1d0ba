#include "stops/http1/writer.hpp"

#include <utility>

#include "http/deadline.hpp"
#include "http/response.hpp"
#include "stops/response_head.hpp"

namespace sevenstops::stops {

void Http1Writer::head(const Response& response, bool keep_alive) {
  probed_ = false;
  out_.assign(before_);
  before_.clear();
  const bool streamed = response.source != nullptr;
  // HTTP/1.0 knows no chunks (RFC 9112, 6.1): there the end of the connection ends the stream.
  chunked_ = streamed && request_.minor_version == 1;
  reusable_ = keep_alive && (chunked_ || !streamed);
  auto head = head_of(response);
  head.chunked = chunked_;
  head.keep_alive = reusable_;
  head.minor_version = request_.minor_version;
  if (!streamed) {
    head.content_length = response.bytes.size();
  }
  const auto before = out_.size();
  http::append_head(out_, head);
  framed_ = out_.size() - before;
}

void Http1Writer::piece(std::string_view bytes) {
  const auto before = out_.size();
  chunked_ ? http::append_chunk(out_, bytes) : static_cast<void>(out_.append(bytes));
  framed_ += out_.size() - before;
}

void Http1Writer::end() {
  if (chunked_) {
    const auto before = out_.size();
    http::append_last_chunk(out_);
    framed_ += out_.size() - before;
  }
}

bool Http1Writer::flush_some() {
  boost::system::error_code error;
  const auto taken = connection_.write_some(out_, error);
  if (error) {
    return error == asio::error::would_block;
  }
  out_.erase(0, taken);
  return true;
}

asio::awaitable<http::Outcome<void>> Http1Writer::flush(Clock::duration timeout) {
  constexpr std::size_t kept = 512;
  auto sent = co_await connection_.write_all(out_, timeout);
  out_.clear();
  if (out_.capacity() > kept) {
    out_.shrink_to_fit();
  }
  co_return sent;
}

asio::awaitable<http::Outcome<void>> Http1Writer::interim(unsigned status,
                                                          Clock::duration timeout) {
  if (request_.minor_version == 0) {
    co_return http::Outcome<void>();
  }
  struct Sending {
    explicit Sending(bool& s) : flag(s) { flag = true; }
    Sending(const Sending&) = delete;
    Sending& operator=(const Sending&) = delete;
    ~Sending() { flag = false; }
    bool& flag;
  } const sending(sending_);
  auto bytes = std::exchange(before_, {});
  http::append_interim(bytes, status);
  co_return co_await connection_.write_all(bytes, timeout);
}

bool Http1Writer::may_probe() const {
  return request_.minor_version > 0 && request_.find(http::tied_header) == nullptr;
}

bool Http1Writer::interim_at_once(unsigned status) {
  if (request_.minor_version == 0 || sending_ || probed_) {
    return true;
  }
  probed_ = true;
  http::append_interim(before_, status);
  boost::system::error_code error;
  before_.erase(0, connection_.write_some(before_, error));
  return !error || error == asio::error::would_block;
}

}  // namespace sevenstops::stops
