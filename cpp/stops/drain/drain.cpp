#include "stops/drain/drain.hpp"

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
  const auto* parent = request.find("traceparent");
  const auto trace = parent == nullptr ? std::nullopt : http::parse_traceparent(parent->value);
  return trace && trace->sampled();
}

asio::awaitable<Outcome<void>> Drain::send(Response& response, const http::Request& request,
                                           const Timings& timings, Writer& writer,
                                           bool keep_alive) {
  if (wants_timing(request)) {
    response.server_timing = server_timing(timings);
  }
  const bool head_only = request.method == "HEAD";
  writer.head(response, keep_alive);
  if (!head_only && !response.source) {
    writer.piece(response.bytes);
    writer.end();
  }
  bytes_.add(writer.framed());
  auto sent = co_await writer.flush(write_timeout());
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
    } else if (!more || writer.pending() >= static_cast<std::size_t>(settings_.high_water)) {
      if (auto sent = co_await writer.flush(write_timeout()); !sent) {
        co_return sent;
      }
    }
    queued.update();
  }
  co_return Outcome<void>();
}

}  // namespace sevenstops::stops
