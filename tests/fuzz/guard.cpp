#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "http/frame.hpp"
#include "promise.hpp"
#include "stops/parse/http1_content.hpp"
#include "stops/parse/parse.hpp"
#include "targets.hpp"

namespace sevenstops::fuzz {
namespace {

using namespace stops;

constexpr std::int64_t body_limit = 4096;

// A peer that sends a text in pieces and closes.
class Pieces final : public Bytes {
 public:
  Pieces(std::string_view text, std::size_t step) : text_(text), step_(step) {}

  [[nodiscard]] std::string_view unread() const override {
    return text_.substr(used_, sent_ - used_);
  }
  void consume(std::size_t n) override { used_ += n; }
  [[nodiscard]] asio::awaitable<Read> more(Clock::time_point, std::size_t at_most) override {
    const auto size = std::min({step_, at_most, text_.size() - sent_});
    sent_ += size;
    co_return size > 0 ? Read::some : Read::ended;
  }
  [[nodiscard]] std::size_t used() const { return used_; }

 private:
  std::string_view text_;
  std::size_t step_;
  std::size_t sent_ = 0;
  std::size_t used_ = 0;
};

class PatientCaller final : public Caller {
 public:
  [[nodiscard]] asio::awaitable<bool> left() override { co_return false; }
  [[nodiscard]] bool closed() override { return false; }
  [[nodiscard]] asio::awaitable<bool> interim(unsigned, Clock::duration) override {
    co_return true;
  }
};

struct Read {
  unsigned status = 0;
  bool whole = false;
  std::size_t used = 0;
  std::string head;
  std::string body;
  bool operator==(const Read&) const = default;
};

// What is refused has a status; what the peer broke off has none, and isn't whole.
Read refused(const http::Refusal& refusal) { return {.status = refusal.status()}; }

asio::awaitable<void> parse(std::string_view text, std::size_t step, Read& result) {
  const Parse parse({.body_limit = body_limit});
  Pieces pieces(text, step);
  PatientCaller caller;
  http::Request request;
  if (const auto head = co_await parse.head(pieces, request); !head) {
    result = refused(head.error());
    co_return;
  }
  if (const auto declared = parse.declared(request); !declared) {
    result = refused(declared.error());
    co_return;
  }
  if (request.has_body()) {
    Http1Content content(pieces, parse.most_body());
    if (const auto body = co_await parse.body(request, content, caller); !body) {
      result = refused(body.error());
      co_return;
    }
  }
  result = {.whole = true, .used = pieces.used(), .head = request.head, .body = request.body};
}

Read parsed(std::string_view text, std::size_t step) {
  static asio::io_context io(1);
  Read result;
  io.restart();
  asio::co_spawn(io, parse(text, step, result), asio::detached);
  io.run();
  return result;
}

Read framed(std::string_view text) {
  http::Request request;
  const auto frame = http::frame(text, request, body_limit);
  if (!frame) {
    return refused(frame.error());
  }
  if (!frame->whole) {
    return {};
  }
  return {.whole = true, .used = frame->used, .head = request.head, .body = request.body};
}

}  // namespace

void guard(std::span<const std::uint8_t> bytes) {
  const auto text = text_of(bytes);
  const auto whole = framed(text);
  require(whole.used <= text.size(), "a request is no longer than what came");
  require(whole.body.size() <= body_limit, "a body keeps its limit");
  require(parsed(text, text.size() + 1) == whole, "Parse frames as http::frame does");
  // Some hundreds of pieces at most.
  const auto step = 1 + text.size() % 7 + text.size() / 256;
  require(parsed(text, step) == whole, "a request is the same however it is cut");
}

}  // namespace sevenstops::fuzz
