#include "stops/drain/drain.hpp"

#include <algorithm>

#include "http/response.hpp"
#include "http/trace.hpp"
#include "stops/drain/server_timing.hpp"

namespace sevenstops::stops {

using http::Outcome;
using http::Reason;

namespace {

// What a stream has produced and the transport has not taken, as the metrics show it.
class Queued {
 public:
  Queued(DrainMetrics& metrics, const Writer& writer) : metrics_(metrics), writer_(writer) {}
  Queued(const Queued&) = delete;
  Queued& operator=(const Queued&) = delete;
  ~Queued() { metrics_.queued.sub(shown_); }

  /// To be called when it has changed.
  void update() {
    const auto now = writer_.pending();
    metrics_.queued.add(now);
    metrics_.queued.sub(shown_);
    metrics_.queued_most.raise_to(metrics_.queued.value());
    shown_ = now;
  }

 private:
  DrainMetrics& metrics_;
  const Writer& writer_;
  std::size_t shown_ = 0;
};

}  // namespace

bool Drain::wants_timing(const http::Request& request) const {
  if (settings_.server_timing) {
    return true;
  }
  if (!settings_.server_timing_sampled) {
    return false;
  }
  const auto* parent = request.find("traceparent");
  const auto trace = parent == nullptr ? std::nullopt : http::parse_traceparent(parent->value);
  return trace && trace->sampled();
}

// The whole of it while half of the budget is free, and then in proportion; one page at least, or
// nothing would get on.
std::size_t Drain::high_water() const {
  constexpr std::int64_t least = 4096;
  const auto whole = static_cast<double>(settings_.high_water);
  const auto left = 2.0 * static_cast<double>(budget_.left()) / static_cast<double>(budget_.most());
  const auto shrunk = static_cast<std::int64_t>(whole * std::clamp(left, 0.0, 1.0));
  return static_cast<std::size_t>(std::max(std::min(least, settings_.high_water), shrunk));
}

asio::awaitable<Outcome<void>> Drain::send(Response& response, const http::Request& request,
                                           const Timings& timings, Writer& writer,
                                           bool keep_alive) {
  if (wants_timing(request)) {
    response.fields.push_back({"Server-Timing", server_timing(timings)});
  }
  constexpr std::size_t kept = 4096;
  const bool head_only = request.method == "HEAD" || !http::may_have_content(response.status);
  writer.head(response, keep_alive);
  if (!head_only && !response.source) {
    writer.piece(response.bytes);
    writer.end();
  }
  // The writer has a copy of it.
  if (response.bytes.capacity() > kept) {
    std::string().swap(response.bytes);
  }
  bytes_.add(writer.framed());
  Queued queued(metrics_, writer);
  queued.update();
  auto sent = co_await writer.flush(write_timeout());
  queued.update();
  if (!sent || !response.source || head_only) {
    co_return sent;
  }
  co_return co_await stream(*response.source, writer);
}

asio::awaitable<Outcome<void>> Drain::stream(ByteSource& source, Writer& writer) {
  const base::Raised open(metrics_.streams);
  Queued queued(metrics_, writer);
  std::string piece;
  bool more = true;
  while (more) {
    piece.clear();
    const auto produced = co_await source.next(piece);
    if (!produced) {
      co_return Reason::stream_broken;
    }
    more = *produced;
    const auto before = writer.framed();
    if (!piece.empty()) {
      writer.piece(piece);
    }
    if (!more) {
      writer.end();
    }
    queued.update();
    bytes_.add(writer.framed() - before);
    if (!settings_.await_writes && more) {
      // The fragile way: hand over what the kernel takes at once and go on producing.
      if (!writer.flush_some()) {
        co_return Reason::closed;
      }
    } else if (!more || writer.pending() >= high_water()) {
      if (auto sent = co_await writer.flush(write_timeout()); !sent) {
        co_return sent;
      }
    }
    queued.update();
  }
  co_return Outcome<void>();
}

}  // namespace sevenstops::stops
