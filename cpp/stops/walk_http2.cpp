#include "stops/walk_http2.hpp"

#include <algorithm>
#include <utility>

#include "base/task_group.hpp"
#include "stops/access_log.hpp"
#include "stops/http2/caller.hpp"
#include "stops/http2/connection.hpp"
#include "stops/http2/content.hpp"
#include "stops/http2/incoming.hpp"
#include "stops/http2/writer.hpp"
#include "stops/walk.hpp"

namespace sevenstops::stops {
namespace {

Http2HeadLimits limits_of(const ParseSettings& settings, bool secure) {
  const http::HeadLimits last{.request_line = settings.request_line_limit,
                              .head = settings.header_limit,
                              .fields = settings.header_count};
  const auto bounded = [&](std::int64_t limit) {
    return settings.check_before_buffering ? limit : std::max(limit, Parse::bound);
  };
  return {.early = {.request_line = bounded(last.request_line),
                    .head = bounded(last.head),
                    .fields = bounded(last.fields)},
          .last = last,
          .leniency = settings.leniency(),
          .trailer = settings.chunk_limits().trailer,
          .secure = secure};
}

Http2Connection::Times times_of(const Stops& stops) {
  const auto& parse = stops.parse.settings();
  return {.head = base::seconds(parse.head_timeout),
          .idle = base::seconds(parse.idle_timeout),
          .write = base::seconds(stops.drain.settings().write_timeout)};
}

// A connection whose streams walk; on one of the lists and in the count for as long as it is there.
class Http2Peer final : public Http2Connection::Watch {
 public:
  Http2Peer(Stops& stops, Http2Begun begun)
      : stops_(stops),
        address_(address_of(stops, begun.stream.socket())),
        shown_(stops.log.logs_access() ? address_.to_string() : std::string()),
        queued_(begun.queued),
        secure_(begun.stream.speaks_tls()),
        charge_(stops.budget),
        connection_(std::move(begun.stream), stops.parse.settings().http2,
                    limits_of(stops.parse.settings(), secure_), times_of(stops), *this),
        open_(stops.metrics.accept.connections_open),
        http2_(stops.metrics.parse.http2_connections),
        held_(stops.hold(connection_, std::move(begun.place), &charge_)) {}
  Http2Peer(const Http2Peer&) = delete;
  Http2Peer& operator=(const Http2Peer&) = delete;
  ~Http2Peer() { stops_.forget(held_); }

  [[nodiscard]] Http2Connection& connection() { return connection_; }
  void set_group(base::TaskGroup* group) { group_ = group; }

  void opened(Http2Stream& stream) override {
    // Before its first one it may not have been silent at all.
    held_->known = true;
    group_->spawn(serve(stream));
  }
  void fell_silent() override { stops_.fell_silent(held_); }
  void spoke() override { stops_.spoke(held_); }
  void holds(std::size_t bytes) override { charge_.set(static_cast<std::int64_t>(bytes)); }
  void head_unfinished(bool unfinished) override {
    raise(head_, unfinished, stops_.metrics.parse.heads_unfinished);
  }
  void reset(std::uint64_t streams) override { stops_.metrics.parse.http2_resets.add(streams); }
  void waits() override {
    if (stops_.budget.left() < 0) {
      stops_.relieve();
    }
  }
  void refused(http::Reason reason) override {
    stops_.metrics.refuse(reason);
    if (stops_.log.logs_access()) {
      stops_.log.access(refusal_line(shown_, "HTTP/2.0", reason));
    }
  }

 private:
  // Asked of the kernel only where somebody wants to know.
  static asio::ip::address address_of(const Stops& stops, const tcp::socket& socket) {
    boost::system::error_code error;
    return stops.log.logs_access() || stops.middleware.limits_rate()
               ? socket.remote_endpoint(error).address()
               : asio::ip::address();
  }

  static void raise(std::optional<base::Raised>& raised, bool wanted, base::Gauge& gauge) {
    if (!wanted) {
      raised.reset();
    } else if (!raised) {
      raised.emplace(gauge);
    }
  }

  [[nodiscard]] asio::awaitable<void> serve(Http2Stream& stream);
  [[nodiscard]] bool reserve(Http2Stream& stream, std::uint64_t bytes, std::uint64_t more);

  Stops& stops_;
  asio::ip::address address_;
  std::string shown_;
  // For the first request.
  std::optional<Clock::duration> queued_;
  bool secure_;
  base::TaskGroup* group_ = nullptr;
  base::Charge charge_;
  Http2Connection connection_;
  base::Raised open_;
  base::Raised http2_;
  std::optional<base::Raised> head_;
  std::list<Stops::Held>::iterator held_;
};

bool Http2Peer::reserve(Http2Stream& stream, std::uint64_t bytes, std::uint64_t more) {
  const auto account = [&](std::uint64_t room) {
    stream.reserved = room;
    connection_.account(stream);
  };
  account(bytes);
  if (bytes == 0 || stops_.has_room(more)) {
    return true;
  }
  account(0);
  stops_.budget.turn_away(static_cast<std::int64_t>(bytes + more));
  return false;
}

asio::awaitable<void> Http2Peer::serve(Http2Stream& stream) {
  // However the walk ends.
  struct Retired {
    Retired(Http2Connection& c, Http2Stream& s) : connection(c), stream(s) {}
    Retired(const Retired&) = delete;
    Retired& operator=(const Retired&) = delete;
    ~Retired() { connection.retire(stream); }
    Http2Connection& connection;
    Http2Stream& stream;
  } const retired(connection_, stream);
  Http2Incoming incoming(stream);
  Http2Content content(
      connection_, stream, stops_.parse.most_body(),
      [&](std::uint64_t bytes, std::uint64_t more) { return reserve(stream, bytes, more); });
  Http2Caller caller(connection_, stream);
  Http2Writer writer(connection_, stream);
  Exchange exchange{.request = stream.request,
                    .incoming = incoming,
                    .content = content,
                    .caller = caller,
                    .writer = writer,
                    .peer = shown_,
                    .address = address_};
  exchange.timings[base::index(base::Stop::accept)] = std::exchange(queued_, std::nullopt);
  try {
    Walk walk(stops_, exchange);
    (void)co_await walk.once();
    if (stream.end_framed) {
      const auto& settings = stops_.drain.settings();
      co_await connection_.linger(stream, base::seconds(settings.linger_timeout),
                                  static_cast<std::uint64_t>(settings.linger_bytes),
                                  stops_.metrics.drain.lingered);
    }
  } catch (const std::exception& error) {
    stops_.broke_off("a stream", error);
  }
}

}  // namespace

asio::awaitable<void> walk_http2(Stops& stops, Http2Begun begun) {
  auto bytes = std::move(begun.bytes);
  Http2Peer peer(stops, std::move(begun));
  co_await base::with_task_group([&](base::TaskGroup& group) -> asio::awaitable<void> {
    peer.set_group(&group);
    group.spawn(peer.connection().write());
    co_await peer.connection().read(std::move(bytes));
    const auto& settings = stops.drain.settings();
    co_await peer.connection().linger(base::seconds(settings.linger_timeout),
                                      static_cast<std::uint64_t>(settings.linger_bytes),
                                      stops.metrics.drain.lingered);
    // Handlers that nobody waits for may go on; the connection need not.
    peer.connection().close();
  });
}

}  // namespace sevenstops::stops
