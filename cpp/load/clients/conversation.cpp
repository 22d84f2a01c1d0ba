#include "load/clients/conversation.hpp"

#include <poll.h>

#include <charconv>

namespace sevenstops::load {

Conversation::~Conversation() {
  if (content_) {
    status_ = content_->status() != 0 ? content_->status() : status_;
    record_.add({.status = status_,
                 .body_bytes = content_->bytes(),
                 .sha256 = content_->sha256(),
                 .whole = content_->state() == Content::State::done,
                 .seconds = base::in_seconds(worker_.now() - began_)});
  }
  ++record_.statuses[status_];
}

void Conversation::list_what_comes(bool to_head_request) {
  content_.emplace();
  content_->begin(to_head_request);
}

Task<bool> Conversation::open() {
  const auto patience = base::seconds(worker_.plan().connect_timeout);
  channel_.socket().expire_at(worker_.now() + patience);
  const auto opened = co_await channel_.open();
  channel_.socket().never_expire();
  co_return opened.ok();
}

std::string Conversation::head(std::string_view method, std::string_view more) const {
  std::string bytes(method);
  bytes.append(" ").append(crowd_.target).append(" HTTP/1.1\r\nHost: ");
  return bytes.append(worker_.peer().host).append("\r\n").append(more);
}

Task<bool> Conversation::send(std::string_view bytes) {
  channel_.socket().expire_at(worker_.now() + base::seconds(read_timeout()));
  const int error = co_await channel_.send(bytes);
  channel_.socket().never_expire();
  record_.bytes_sent += error == 0 ? bytes.size() : 0;
  co_return error == 0;
}

Task<std::int64_t> Conversation::send_until_answered(std::string_view piece, std::int64_t limit) {
  std::int64_t sent = 0;
  while (sent < limit && !heard()) {
    const auto size = std::min(static_cast<std::int64_t>(piece.size()), limit - sent);
    if (!co_await send(piece.substr(0, static_cast<std::size_t>(size)))) {
      break;
    }
    sent += size;
  }
  co_return sent;
}

bool Conversation::heard() const {
  pollfd look{.fd = channel_.socket().fd(), .events = POLLIN, .revents = 0};
  return ::poll(&look, 1, 0) != 0;
}

Task<bool> Conversation::receive(double patience, std::size_t limit) {
  auto deadline = worker_.end();
  if (patience > 0) {
    deadline = worker_.now() + base::seconds(patience);
  }
  channel_.socket().expire_at(deadline);
  const auto got = co_await channel_.receive(limit);
  channel_.socket().never_expire();
  record_.bytes_read += got.bytes.size();
  bytes_read_ += got.bytes.size();
  // "HTTP/1.1 nnn"
  constexpr std::size_t with_status = 12;
  if (status_ == 0 && beginning_.size() < with_status) {
    beginning_.append(got.bytes.substr(0, with_status - beginning_.size()));
    if (beginning_.size() == with_status) {
      std::from_chars(beginning_.data() + 9, beginning_.data() + with_status, status_);
    }
  }
  if (content_) {
    auto bytes = got.bytes;
    if (!bytes.empty()) {
      content_->feed(bytes);
    } else if (got.error == 0) {
      content_->closed();
    }
  }
  co_return !got.ended();
}

Task<> Conversation::receive_all(double patience) {
  // Not as the loop's condition: GCC 12 makes an empty loop around a co_await end in a trap.
  bool more = true;
  while (more) {
    more = co_await receive(patience);
  }
}

Task<> Conversation::pace(double seconds) { co_await pause(seconds * (0.5 + worker_.chance())); }

Task<> Conversation::pause(double seconds) {
  const auto until = worker_.now() + base::seconds(seconds);
  co_await worker_.engine().sleep_until(std::min(until, worker_.end()));
}

}  // namespace sevenstops::load
