#include "stops/walk_http1.hpp"

#include "base/task_group.hpp"
#include "stops/access_log.hpp"
#include "stops/http1/caller.hpp"
#include "stops/http1/connection.hpp"
#include "stops/http1/writer.hpp"
#include "stops/parse/http1_content.hpp"
#include "stops/serialize/serialize.hpp"
#include "stops/walk.hpp"

namespace sevenstops::stops {
namespace {

class Http1Incoming final : public Incoming {
 public:
  explicit Http1Incoming(Connection& connection) : connection_(connection) {}

  asio::awaitable<http::Outcome<void>> next(const Parse& parse, http::Request& request) override {
    return parse.head(connection_, request);
  }
  [[nodiscard]] std::size_t held() const override { return connection_.held(); }

 private:
  Connection& connection_;
};

// A connection with all that an exchange on it needs.
class Peer {
 public:
  Peer(Stops& stops, tcp::socket socket)
      : address_(address_of(stops, socket)),
        connection_(std::move(socket)),
        writer_(connection_, request_),
        caller_(connection_, writer_),
        incoming_(connection_),
        content_(connection_, stops.parse.most_body()) {}

  [[nodiscard]] Exchange exchange() {
    return {.request = request_,
            .incoming = incoming_,
            .content = content_,
            .caller = caller_,
            .writer = writer_,
            .peer = address_};
  }
  [[nodiscard]] Connection& connection() { return connection_; }
  [[nodiscard]] const Http1Writer& writer() const { return writer_; }
  // Gives its memory back.
  void forget_request() { request_ = {}; }

 private:
  static std::string address_of(const Stops& stops, const tcp::socket& socket) {
    boost::system::error_code error;
    return stops.log.logs_access() ? socket.remote_endpoint(error).address().to_string()
                                   : std::string();
  }

  std::string address_;
  Connection connection_;
  http::Request request_;
  Http1Writer writer_;
  Http1Caller caller_;
  Http1Incoming incoming_;
  Http1Content content_;
};

// Keeps a connection on the sweep's list and in the count for as long as it walks.
class Registered {
 public:
  Registered(Stops& stops, Connection& connection)
      : stops_(stops),
        open_(stops.metrics.accept.connections_open),
        place_(stops.connections.insert(stops.connections.end(), &connection)) {}
  Registered(const Registered&) = delete;
  Registered& operator=(const Registered&) = delete;
  ~Registered() { stops_.connections.erase(place_); }

 private:
  Stops& stops_;
  base::Raised open_;
  std::list<Connection*>::iterator place_;
};

asio::awaitable<void> walk(Stops& stops, tcp::socket socket, Clock::duration queued) {
  Peer peer(stops, std::move(socket));
  const Registered registered(stops, peer.connection());
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
  if (next == Walk::Next::linger) {
    const auto& settings = stops.drain.settings();
    peer.forget_request();
    co_await peer.connection().linger(base::seconds(settings.linger_timeout),
                                      static_cast<std::uint64_t>(settings.linger_bytes),
                                      stops.metrics.drain.lingered);
  }
}

}  // namespace

asio::awaitable<void> walk_http1(Stops& stops, tcp::socket socket, Clock::duration queued) {
  try {
    co_await walk(stops, std::move(socket), queued);
  } catch (const std::exception& error) {
    if (base::is_cancellation(error)) {
      // A walk that saw it itself has not been cancelled by its group.
      if (stops.stopping) {
        co_return;
      }
      throw;
    }
    stops.metrics.accept.walks_broken.add();
    stops.log.error(std::string("a connection ended by an exception: ") + error.what());
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
  peer.connection().socket().shutdown(tcp::socket::shutdown_send, error);
  stops.metrics.refuse(reason);
  if (stops.log.logs_access()) {
    stops.log.access(access_line(exchange, response.status, exchange.writer.framed(), reason));
  }
}

}  // namespace sevenstops::stops
