#pragma once

#include <algorithm>
#include <boost/asio/post.hpp>
#include <deque>
#include <functional>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "../support/response_fields.hpp"
#include "base/task_group.hpp"
#include "http/head.hpp"
#include "stops/bytes.hpp"
#include "stops/exchange.hpp"
#include "stops/handle/endpoint.hpp"

namespace sevenstops::stops::fakes {

/// A peer whose bytes, silence and end are written down beforehand.
class FakeBytes final : public Bytes {
 public:
  /// A text is what comes next; `timed_out` is silence until the deadline; after the last step the
  /// peer has closed.
  using Step = std::variant<std::string, Read>;

  explicit FakeBytes(std::deque<Step> steps, std::string unread = {})
      : steps_(std::move(steps)), held_(std::move(unread)) {}

  [[nodiscard]] std::string_view unread() const override { return held_; }
  void consume(std::size_t n) override { held_.erase(0, n); }
  [[nodiscard]] asio::awaitable<Read> more(Clock::time_point deadline,
                                           std::size_t at_most) override {
    co_await asio::post(asio::use_awaitable);
    deadlines.push_back(deadline);
    if (steps_.empty()) {
      co_return Read::ended;
    }
    if (const auto* read = std::get_if<Read>(&steps_.front())) {
      const auto result = *read;
      steps_.pop_front();
      co_return result;
    }
    auto& text = std::get<std::string>(steps_.front());
    held_.append(text.substr(0, at_most));
    text.erase(0, at_most);
    if (text.empty()) {
      steps_.pop_front();
    }
    co_return Read::some;
  }

  /// Until when each read would have waited.
  std::vector<Clock::time_point> deadlines;

 private:
  std::deque<Step> steps_;
  std::string held_;
};

/// A caller that waits, unless it is told to leave.
class FakeCaller final : public Caller {
 public:
  [[nodiscard]] asio::awaitable<bool> left() override {
    co_return co_await base::slept_until(leaves ? Clock::now() : Clock::time_point::max());
  }
  [[nodiscard]] bool closed() override { return leaves; }
  [[nodiscard]] asio::awaitable<bool> interim(unsigned status, Clock::duration) override {
    interims.push_back(status);
    co_return !leaves;
  }

  bool leaves = false;
  std::vector<unsigned> interims;
};

/// A transport that keeps what it is given, and takes what it is told to.
class FakeWriter final : public Writer {
 public:
  void head(const Response& response, bool keep_alive) override {
    framed_ = 0;
    status = response.status;
    kept_alive = keep_alive;
    fields = response.fields;
    entity_tag = response.entity_tag;
    coding = response.coding;
    varies = response.varies;
    retry_after = response.retry_after;
    ++heads;
    frame("<head>");
  }
  void piece(std::string_view bytes) override {
    body.append(bytes);
    frame(bytes);
  }
  void end() override { ++ends; }
  [[nodiscard]] std::uint64_t framed() const override { return framed_; }
  [[nodiscard]] std::size_t pending() const override { return pending_; }
  /// What the last head says in a field; empty where it says nothing.
  [[nodiscard]] std::string says(std::string_view name) const {
    return test::value_of(fields, name);
  }
  [[nodiscard]] bool flush_some() override {
    ++flushed_some;
    pending_ -= std::min(pending_, takes_at_once);
    return !broken;
  }
  [[nodiscard]] asio::awaitable<http::Outcome<void>> flush(Clock::duration timeout) override {
    flushed.push_back(pending_);
    timeouts.push_back(timeout);
    co_await asio::post(asio::use_awaitable);
    if (refuses_from > 0 && flushed.size() >= refuses_from) {
      co_return refusal;
    }
    pending_ = 0;
    co_return http::Outcome<void>();
  }

  std::size_t takes_at_once = 0;
  bool broken = false;
  /// Which call of `flush` is the first that refuses; 0: none.
  std::size_t refuses_from = 0;
  http::Refusal refusal = http::Reason::write_timeout;

  unsigned status = 0;
  unsigned retry_after = 0;
  bool kept_alive = false;
  std::vector<http::ResponseField> fields;
  std::string entity_tag;
  std::string coding;
  bool varies = false;
  std::string body;
  int heads = 0;
  int ends = 0;
  int flushed_some = 0;
  /// What was pending at each flush.
  std::vector<std::size_t> flushed;
  std::vector<Clock::duration> timeouts;

 private:
  void frame(std::string_view bytes) {
    framed_ += bytes.size();
    pending_ += bytes.size();
  }
  std::uint64_t framed_ = 0;
  std::size_t pending_ = 0;
};

/// A request's body; empty unless it is given one.
class FakeContent final : public Content {
 public:
  void begin(const http::Request& /*request*/) override {}
  [[nodiscard]] asio::awaitable<http::Outcome<bool>> next(std::string& out,
                                                          Clock::time_point /*deadline*/) override {
    co_await base::sleep_until(Clock::now() + takes);
    out.append(body);
    if (breaks) {
      throw std::bad_alloc();
    }
    co_return !std::exchange(body, {}).empty();
  }
  [[nodiscard]] bool reserve(std::uint64_t bytes, std::uint64_t more) override {
    return bytes + more <= room;
  }
  [[nodiscard]] bool begun() const override { return false; }

  std::string body;
  Clock::duration takes{};
  /// There is no memory for the rest of it.
  bool breaks = false;
  std::uint64_t room = 1 << 30;
};

/// Requests that come one after the other; then silence.
class FakeIncoming final : public Incoming {
 public:
  explicit FakeIncoming(std::deque<std::string> heads = {}) : heads_(std::move(heads)) {}

  [[nodiscard]] asio::awaitable<http::Outcome<void>> next(const Parse& /*parse*/,
                                                          http::Request& request) override {
    co_await asio::post(asio::use_awaitable);
    request.clear();
    request.arrived = Clock::now();
    if (heads_.empty()) {
      co_return http::Reason::idle;
    }
    request.head = heads_.front();
    heads_.pop_front();
    co_return http::parse_head(request);
  }
  [[nodiscard]] std::size_t held() const override { return 0; }

 private:
  std::deque<std::string> heads_;
};

/// Pieces that come one after the other; the last is followed by the end, by a refusal, or by an
/// exception.
class FakeSource final : public ByteSource {
 public:
  using Ending = std::function<http::Outcome<bool>()>;

  explicit FakeSource(
      std::deque<std::string> pieces, Ending ending = [] { return http::Outcome<bool>(false); })
      : pieces_(std::move(pieces)), ending_(std::move(ending)) {}

  asio::awaitable<http::Outcome<bool>> next(std::string& out) override {
    co_await asio::post(asio::use_awaitable);
    if (pieces_.empty()) {
      co_return ending_();
    }
    out.append(pieces_.front());
    pieces_.pop_front();
    co_return true;
  }

 private:
  std::deque<std::string> pieces_;
  Ending ending_;
};

/// An endpoint whose result nobody can serialize: a variant without a value.
inline asio::awaitable<http::Outcome<Result>> spoiled(Resources& /*resources*/, Call /*call*/) {
  struct Throws {
    // NOLINTNEXTLINE(google-explicit-constructor)
    operator Text() const { throw std::runtime_error("there is no text"); }
  };
  Result result;
  try {
    result.emplace<Text>(Throws());
  } catch (const std::runtime_error&) {
    co_return http::Outcome<Result>(std::move(result));
  }
  throw std::logic_error("the result has a value");
}

}  // namespace sevenstops::stops::fakes
