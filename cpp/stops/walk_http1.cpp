#include "stops/walk_http1.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/task_group.hpp"
#include "stops/access_log.hpp"
#include "stops/http1/caller.hpp"
#include "stops/http1/connection.hpp"
#include "stops/http1/writer.hpp"
#include "stops/parse/http1_content.hpp"
#include "stops/serialize/serialize.hpp"
#include "stops/walk.hpp"
#include "stops/walk_http2.hpp"

namespace sevenstops::stops {
namespace {

class Http1Incoming final : public Incoming {
 public:
  explicit Http1Incoming(Connection& connection) : connection_(connection) {}

  asio::awaitable<http::Outcome<void>> next(const Parse& parse, http::Request& request) override {
    connection_.expect_first_byte();
    // Within TLS it is chosen by ALPN, and in no other way (RFC 9113, 3.2).
    if (!std::exchange(first_, false) || !parse.settings().http2.enabled ||
        connection_.stream().speaks_tls()) {
      return parse.head(connection_, request);
    }
    return first(parse, request);
  }
  [[nodiscard]] std::size_t held() const override { return connection_.held(); }
  // Whether the connection has begun as one of HTTP/2 does.
  [[nodiscard]] bool http2() const { return http2_; }

 private:
  // To HTTP/1 the preface is the head of a version that it refuses: whoever speaks HTTP/1 pays
  // nothing for the question.
  asio::awaitable<http::Outcome<void>> first(const Parse& parse, http::Request& request) {
    auto outcome = co_await parse.head(connection_, request);
    if (!outcome && outcome.error().reason == http::Reason::version &&
        request.head == http2_preface) {
      http2_ = true;
      co_return http::Reason::idle;
    }
    co_return outcome;
  }

  Connection& connection_;
  bool first_ = true;
  bool http2_ = false;
};

// A connection with all that an exchange on it needs.
class Peer {
 public:
  Peer(Stops& stops, base::Stream stream)
      : stops_(stops),
        address_(address_of(stops, stream.socket())),
        shown_(stops.log.logs_access() ? address_.to_string() : std::string()),
        connection_(std::move(stream)),
        writer_(connection_, request_),
        caller_(connection_, writer_),
        incoming_(connection_),
        content_(
            connection_, stops.parse.most_body(),
            [this](std::uint64_t bytes, std::uint64_t more) { return reserve(bytes, more); },
            stops.parse.settings().chunk_limits()),
        charge_(stops.budget) {}

  [[nodiscard]] Exchange exchange() {
    return {.request = request_,
            .incoming = incoming_,
            .content = content_,
            .caller = caller_,
            .writer = writer_,
            .peer = shown_,
            .address = address_};
  }
  [[nodiscard]] Connection& connection() { return connection_; }
  [[nodiscard]] const Http1Writer& writer() const { return writer_; }
  [[nodiscard]] bool http2() const { return incoming_.http2(); }
  [[nodiscard]] base::Charge& charge() { return charge_; }
  // Gives its memory back.
  void forget_request() {
    request_ = {};
    reserved_ = 0;
  }
  // Tells the budget what is held now.
  void account() {
    const auto body = std::max<std::uint64_t>(request_.body.capacity(), reserved_);
    const auto rest = connection_.held() + request_.head.capacity() + writer_.held();
    charge_.set(static_cast<std::int64_t>(body + rest));
  }

 private:
  // Asked of the kernel only where somebody wants to know.
  static asio::ip::address address_of(const Stops& stops, const tcp::socket& socket) {
    boost::system::error_code error;
    return stops.log.logs_access() || stops.middleware.limits_rate()
               ? socket.remote_endpoint(error).address()
               : asio::ip::address();
  }

  bool reserve(std::uint64_t bytes, std::uint64_t more) {
    reserved_ = bytes;
    account();
    if (bytes == 0 || stops_.has_room(more)) {
      return true;
    }
    reserved_ = 0;
    account();
    stops_.budget.turn_away(static_cast<std::int64_t>(bytes + more));
    return false;
  }

  Stops& stops_;
  asio::ip::address address_;
  std::string shown_;
  Connection connection_;
  http::Request request_;
  Http1Writer writer_;
  Http1Caller caller_;
  Http1Incoming incoming_;
  Http1Content content_;
  // Room for a body that has not all come.
  std::uint64_t reserved_ = 0;
  base::Charge charge_;
};

// Keeps a connection on one of the lists and in the count for as long as it walks.
class Registered final : public Connection::Watch {
 public:
  Registered(Stops& stops, Peer& peer, std::optional<Places::Place> place)
      : stops_(stops),
        peer_(peer),
        open_(stops.metrics.accept.connections_open),
        held_(stops.hold(peer.connection(), std::move(place), &peer.charge())) {
    peer_.connection().set_watch(this);
  }
  Registered(const Registered&) = delete;
  Registered& operator=(const Registered&) = delete;
  ~Registered() {
    peer_.connection().set_watch(nullptr);
    stops_.forget(held_);
  }

  [[nodiscard]] std::optional<Places::Place> give_place() {
    return std::exchange(held_->place, std::nullopt);
  }

  void fell_silent() override { stops_.fell_silent(held_); }
  void spoke() override { stops_.spoke(held_); }
  void waits() override {
    peer_.account();
    if (stops_.budget.left() < 0) {
      stops_.relieve();
    }
  }

 private:
  Stops& stops_;
  Peer& peer_;
  base::Raised open_;
  std::list<Stops::Held>::iterator held_;
};

// Gives the connection back where it has begun as one of HTTP/2.
asio::awaitable<std::optional<Http2Begun>> walk(Stops& stops, base::Stream stream,
                                                Clock::duration queued,
                                                std::optional<Places::Place> place) {
  Peer peer(stops, std::move(stream));
  Registered registered(stops, peer, std::move(place));
  std::optional<Clock::duration> accepted = queued;
  auto next = Walk::Next::request;
  while (next == Walk::Next::request) {
    auto exchange = peer.exchange();
    exchange.timings[base::index(base::Stop::accept)] = accepted;
    accepted.reset();
    Walk one(stops, exchange);
    next = co_await one.once();
    if (next == Walk::Next::request && !peer.writer().reusable()) {
      next = Walk::Next::end;
    }
  }
  if (peer.http2()) {
    auto& connection = peer.connection();
    // Named, since GCC before 13 destroys an aggregate of a coroutine's expression twice.
    Http2Begun begun{.stream = std::move(connection.stream()),
                     .bytes = std::string(http2_preface).append(connection.unread()),
                     .queued = queued,
                     .place = registered.give_place()};
    co_return begun;
  }
  const auto& settings = stops.drain.settings();
  if (peer.connection().stream().speaks_tls()) {
    co_await peer.connection().say_end(base::seconds(settings.linger_timeout));
  }
  if (next == Walk::Next::linger) {
    peer.forget_request();
    co_await peer.connection().linger(base::seconds(settings.linger_timeout),
                                      static_cast<std::uint64_t>(settings.linger_bytes),
                                      stops.metrics.drain.lingered);
  }
  co_return std::nullopt;
}

}  // namespace

asio::awaitable<void> walk_http1(Stops& stops, base::Stream stream, Clock::duration queued,
                                 std::optional<Places::Place> place) {
  try {
    auto http2 = co_await walk(stops, std::move(stream), queued, std::move(place));
    if (http2) {
      co_await walk_http2(stops, std::move(*http2));
    }
  } catch (const std::exception& error) {
    stops.broke_off("a connection", error);
  }
}

void turn_away_http1(Stops& stops, tcp::socket socket, Clock::duration queued,
                     http::Reason reason) {
  Peer peer(stops, std::move(socket));
  auto exchange = peer.exchange();
  exchange.timings[base::index(base::Stop::accept)] = queued;
  const auto response = serialize(http::Refusal(reason));
  exchange.writer.head(response, false);
  exchange.writer.piece(response.bytes);
  exchange.writer.end();
  (void)exchange.writer.flush_some();
  boost::system::error_code error;
  auto& stream = peer.connection().stream();
  stream.shutdown_send();
  // What is closed with bytes unread is reset (RFC 2525, 2.17), and the answer may be lost with it.
  // One who pushes on and on may not hold the thread.
  constexpr int most_reads = 4;
  std::array<char, 16384> unread{};
  for (int i = 0; i < most_reads; ++i) {
    if (stream.read_some(asio::buffer(unread), error) < unread.size()) {
      break;
    }
  }
  stops.metrics.refuse(reason);
  if (stops.log.logs_access()) {
    stops.log.access(access_line(exchange, response.status, exchange.writer.framed(), reason));
  }
}

}  // namespace sevenstops::stops
