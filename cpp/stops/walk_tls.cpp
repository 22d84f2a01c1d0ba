#include "stops/walk_tls.hpp"

#include <utility>

#include "base/stream.hpp"
#include "stops/access_log.hpp"
#include "stops/walk_http1.hpp"
#include "stops/walk_http2.hpp"

namespace sevenstops::stops {
namespace {

// A connection in its handshake; on the list of the silent and in the count for as long as that
// takes.
class Handshake final : public Transport {
 public:
  Handshake(Stops& stops, base::Stream& stream, std::optional<Places::Place> place)
      : stops_(stops),
        stream_(stream),
        deadline_(began_ + stops.tls_timeout),
        open_(stops.metrics.accept.connections_open),
        held_(stops.hold(*this, std::move(place), nullptr)) {
    stops.fell_silent(held_);
  }
  Handshake(const Handshake&) = delete;
  Handshake& operator=(const Handshake&) = delete;
  ~Handshake() { stops_.forget(held_); }

  // Why it did not come to its end; nothing, where it did.
  [[nodiscard]] asio::awaitable<std::optional<http::Reason>> run() {
    const auto [error] = co_await stream_.handshake();
    if (!error) {
      stops_.metrics.accept.tls_handshakes.record(Clock::now() - began_);
      co_return std::nullopt;
    }
    // Who comes and goes without a word has not failed, nor has one who had to make room.
    const bool failed =
        late_ || (stream_.handshake_begun() && !closed_ && error != asio::error::operation_aborted);
    co_return failed ? http::Reason::tls_handshake : http::Reason::idle;
  }
  [[nodiscard]] std::optional<Places::Place> give_place() {
    return std::exchange(held_->place, std::nullopt);
  }

  void give_up_overdue(Clock::time_point now) override {
    if (deadline_ < now) {
      deadline_ = Clock::time_point::max();
      late_ = true;
      boost::system::error_code error;
      stream_.socket().cancel(error);
    }
  }
  [[nodiscard]] bool has_heard() override { return stream_.has_input(); }
  void leave(bool last) override {
    if (last && !has_heard()) {
      close();
    }
  }
  void close() override {
    closed_ = true;
    stream_.close();
  }
  [[nodiscard]] std::optional<double> slower_than(std::int64_t /*sent*/, std::int64_t /*taken*/,
                                                  Clock::time_point /*now*/) const override {
    return std::nullopt;
  }

 private:
  Stops& stops_;
  base::Stream& stream_;
  Clock::time_point began_ = Clock::now();
  Clock::time_point deadline_;
  bool late_ = false;
  bool closed_ = false;
  base::Raised open_;
  std::list<Stops::Held>::iterator held_;
};

std::string shown(const Stops& stops, const base::tcp::socket& socket) {
  boost::system::error_code error;
  return stops.log.logs_access() ? socket.remote_endpoint(error).address().to_string()
                                 : std::string();
}

void refuse(Stops& stops, std::string_view peer, http::Reason reason) {
  stops.metrics.refuse(reason);
  if (http::refuses(reason) && stops.log.logs_access()) {
    stops.log.access(refusal_line(peer, "TLS", reason));
  }
}

}  // namespace

asio::awaitable<void> walk_tls(Stops& stops, base::tcp::socket socket, const base::TlsServer& tls,
                               Clock::duration queued, std::optional<Places::Place> place) {
  try {
    // Before it ends: with the connection the address is gone.
    const auto peer = shown(stops, socket);
    base::Stream stream(std::move(socket), tls);
    {
      Handshake handshake(stops, stream, std::move(place));
      if (const auto refused = co_await handshake.run()) {
        refuse(stops, peer, *refused);
        co_return;
      }
      place = handshake.give_place();
    }
    if (stream.protocol() == "h2") {
      // Named, since GCC before 13 destroys an aggregate of a coroutine's expression twice.
      Http2Begun begun{
          .stream = std::move(stream), .bytes = {}, .queued = queued, .place = std::move(place)};
      co_await walk_http2(stops, std::move(begun));
    } else {
      co_await walk_http1(stops, std::move(stream), queued, std::move(place));
    }
  } catch (const std::exception& error) {
    stops.broke_off("a connection", error);
  }
}

void turn_away_tls(Stops& stops, const base::tcp::socket& socket, http::Reason reason) {
  refuse(stops, shown(stops, socket), reason);
}

}  // namespace sevenstops::stops
