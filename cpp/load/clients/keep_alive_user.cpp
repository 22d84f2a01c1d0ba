#include <poll.h>

#include <optional>

#include "load/clients/content.hpp"
#include "load/dispatch/worker.hpp"
#include "load/engine/channel.hpp"
#include "load/plan/client_kind.hpp"

namespace sevenstops::load {
namespace {

using State = Content::State;

constexpr std::string_view broke = "the connection broke";
constexpr std::string_view asked_anew = "its connection was closed, and it asked on a new one";

class KeepAliveUser {
 public:
  KeepAliveUser(Worker& worker, const Crowd& crowd, CrowdRecord& record)
      : worker_(worker), crowd_(crowd), record_(record) {}

  [[nodiscard]] Task<> run();

 private:
  // One request and its answer on the connection that there is, or on a new one. Why the answer is
  // not whole, or nothing.
  [[nodiscard]] Task<std::string_view> ask(Content& content);
  // Whether the peer has closed the connection, or said something that nobody asked for.
  [[nodiscard]] bool stale();

  // Its last requests may come when nobody else's do any more, as long as answers are waited for.
  [[nodiscard]] bool stopping() const { return worker_.engine().stopping(); }
  void expire_within(double seconds) {
    channel_->socket().expire_at(worker_.now() + base::seconds(seconds));
  }

  Worker& worker_;
  const Crowd& crowd_;
  CrowdRecord& record_;
  std::optional<Channel> channel_;
};

bool KeepAliveUser::stale() {
  pollfd look{.fd = channel_->socket().fd(), .events = POLLIN, .revents = 0};
  return ::poll(&look, 1, 0) != 0;
}

Task<> KeepAliveUser::run() {
  unsigned status = 0;
  record_.fetches_due += static_cast<std::uint64_t>(crowd_.depth);
  for (std::int64_t asked = 0; asked < crowd_.depth; ++asked) {
    if (asked > 0) {
      co_await worker_.engine().sleep_until(worker_.now() + base::seconds(crowd_.pause));
    }
    if (stopping()) {
      break;
    }
    const auto began = worker_.now();
    bool anew = channel_ && stale();
    if (anew) {
      channel_.reset();
    }
    const bool kept = channel_.has_value();
    std::optional<Content> content(std::in_place);
    auto why = co_await ask(*content);
    // RFC 9112, 9.3.1: what a closed connection left without any answer is asked again.
    if (kept && why == broke && content->status() == 0 && !stopping()) {
      anew = true;
      content.emplace();
      why = co_await ask(*content);
    }
    status = content->status();
    record_.add({.status = status,
                 .body_bytes = content->bytes(),
                 .sha256 = content->sha256(),
                 .whole = why.empty(),
                 .seconds = base::in_seconds(worker_.now() - began),
                 .why = std::string(why.empty() && anew ? asked_anew : why)});
  }
  ++record_.statuses[status];
}

Task<std::string_view> KeepAliveUser::ask(Content& content) {
  if (!channel_) {
    channel_.emplace(worker_.engine(), worker_.peer());
    expire_within(worker_.plan().connect_timeout);
    const auto opened = co_await channel_->open();
    if (!opened.ok()) {
      channel_.reset();
      co_return "no connection";
    }
  }
  const auto request =
      "GET " + crowd_.target + " HTTP/1.1\r\nHost: " + worker_.peer().host + "\r\n\r\n";
  expire_within(worker_.plan().read_timeout);
  if (co_await channel_->send(request) != 0) {
    channel_.reset();
    co_return broke;
  }
  record_.bytes_sent += request.size();
  std::string_view left;
  while (content.state() == State::more) {
    const auto got = co_await channel_->receive();
    record_.bytes_read += got.bytes.size();
    left = got.bytes;
    if (got.ended() && (got.error != 0 || content.closed() != State::done)) {
      channel_.reset();
      co_return got.error == ETIMEDOUT ? "no answer in time" : broke;
    }
    content.feed(left);
  }
  const bool malformed = content.state() == State::malformed;
  if (malformed || !content.keep_alive() || !left.empty()) {
    channel_.reset();
  }
  co_return malformed ? "an answer that is no HTTP" : "";
}

Task<> run(Worker& worker, const Crowd& crowd, CrowdRecord& record) {
  KeepAliveUser user(worker, crowd, record);
  co_await user.run();
}

const RegisterClient registered(
    {.name = "keep_alive_user",
     .meaning =
         "honest: asks `depth` times with `pause` seconds between an answer and the next "
         "request, on a connection that it keeps, or on a new one where the service closed it",
     .needs = {},
     .run = run});

}  // namespace
}  // namespace sevenstops::load
