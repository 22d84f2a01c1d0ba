#include "http/response_scanner.hpp"

#include <algorithm>
#include <charconv>

#include "base/numbers.hpp"
#include "http/characters.hpp"

namespace sevenstops::http {
namespace {

constexpr std::size_t head_limit = 65536;
constexpr std::uint64_t no_limit = std::uint64_t{1} << 50;

}  // namespace

void ResponseScanner::begin(bool to_head_request, std::string* kept) {
  to_head_request_ = to_head_request;
  begun_ = false;
  keep_alive_ = true;
  status_ = 0;
  body_ = Body::unknown;
  left_ = 0;
  kept_ = kept;
  head_.clear();
}

ResponseScanner::State ResponseScanner::feed(std::string_view& bytes) {
  begun_ = begun_ || !bytes.empty();
  if (body_ == Body::unknown) {
    const auto state = feed_head(bytes);
    if (state != State::done) {
      return state;
    }
  }
  return feed_body(bytes);
}

ResponseScanner::State ResponseScanner::feed_head(std::string_view& bytes) {
  while (true) {
    std::string_view head;
    if (head_.empty()) {
      const auto end = bytes.find("\r\n\r\n");
      if (end == std::string_view::npos) {
        head_.assign(bytes);
        bytes = {};
        return head_.size() > head_limit ? State::malformed : State::more;
      }
      head = bytes.substr(0, end + 2);
      bytes.remove_prefix(end + 4);
    } else {
      const auto before = head_.size();
      head_.append(bytes);
      const auto end = head_.find("\r\n\r\n", before < 3 ? 0 : before - 3);
      if (end == std::string_view::npos) {
        bytes = {};
        return head_.size() > head_limit ? State::malformed : State::more;
      }
      bytes.remove_prefix(end + 4 - before);
      head = std::string_view(head_).substr(0, end + 2);
    }
    if (!read_head(head)) {
      return State::malformed;
    }
    head_.clear();
    // Interim answers (RFC 9110, 15.2) come before the one that counts.
    if (status_ >= 200) {
      return State::done;
    }
    body_ = Body::unknown;
  }
}

bool ResponseScanner::read_head(std::string_view head) {
  // "HTTP/1.x nnn"
  constexpr std::size_t shortest = 12;
  if (head.size() < shortest || !head.starts_with("HTTP/1.") || head[8] != ' ') {
    return false;
  }
  const auto [end, error] = std::from_chars(head.data() + 9, head.data() + shortest, status_);
  if (error != std::errc{} || end != head.data() + shortest || status_ < 100 || status_ > 599) {
    return false;
  }
  keep_alive_ = head[7] == '1';
  std::optional<std::uint64_t> length;
  bool chunked = false;
  for (auto at = head.find('\n') + 1; at < head.size();) {
    const auto stop = head.find('\n', at);
    const auto line = head.substr(at, stop - 1 - at);
    at = stop + 1;
    // Only three names matter, and their first letters tell most others apart.
    const char first = line.empty() ? '\0' : static_cast<char>(line[0] | 0x20);
    if (first != 'c' && first != 't') {
      continue;
    }
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) {
      return false;
    }
    const auto name = line.substr(0, colon);
    const auto value = trim(line.substr(colon + 1));
    if (iequals(name, "content-length")) {
      const auto number = base::parse_number<std::uint64_t>(value);
      if (!number || (length && *length != *number)) {
        return false;
      }
      length = number;
    } else if (iequals(name, "transfer-encoding")) {
      chunked = iequals(value, "chunked");
    } else if (iequals(name, "connection")) {
      keep_alive_ = iequals(value, "close") ? false : keep_alive_ || iequals(value, "keep-alive");
    }
  }
  if (to_head_request_ || status_ == 204 || status_ == 304) {
    body_ = Body::sized;
    left_ = 0;
  } else if (chunked) {
    body_ = Body::chunked;
    decoder_.emplace(no_limit);
  } else if (length) {
    body_ = Body::sized;
    left_ = *length;
  } else {
    body_ = Body::until_close;
    keep_alive_ = false;
  }
  return true;
}

void ResponseScanner::keep(std::string_view piece) {
  if (kept_ != nullptr && kept_->size() < kept_bytes) {
    kept_->append(piece.substr(0, kept_bytes - kept_->size()));
  }
}

ResponseScanner::State ResponseScanner::feed_body(std::string_view& bytes) {
  if (body_ == Body::chunked) {
    const auto used = decoder_->decode(bytes, [this](std::string_view piece) { keep(piece); });
    if (!used) {
      return State::malformed;
    }
    bytes.remove_prefix(*used);
    return decoder_->done() ? State::done : State::more;
  }
  if (body_ == Body::until_close) {
    keep(bytes);
    bytes = {};
    return State::more;
  }
  const auto take = std::min<std::uint64_t>(left_, bytes.size());
  keep(bytes.substr(0, take));
  bytes.remove_prefix(take);
  left_ -= take;
  return left_ == 0 ? State::done : State::more;
}

ResponseScanner::State ResponseScanner::end() const {
  return body_ == Body::until_close ? State::done : State::malformed;
}

}  // namespace sevenstops::http
