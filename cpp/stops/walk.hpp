#pragma once

#include <optional>

#include "stops/exchange.hpp"
#include "stops/stops.hpp"

namespace sevenstops::stops {

/// The way of one request through six stops, whatever the protocol; accept stands before, it made
/// the connection. Each stop is timed and counted here, and nowhere else.
class Walk {
 public:
  /// What comes after a response.
  enum class Next {
    /// Another request.
    request,
    /// The connection's end.
    end,
    /// Its end, while the client may be sending still.
    linger
  };

  Walk(Stops& stops, Exchange& exchange) : s_(stops), x_(exchange) {}

  [[nodiscard]] asio::awaitable<Next> once();

 private:
  [[nodiscard]] asio::awaitable<http::Outcome<void>> parse();
  [[nodiscard]] http::Outcome<Match> route();
  [[nodiscard]] asio::awaitable<http::Outcome<Response>> chain(const Match& match);
  [[nodiscard]] asio::awaitable<http::Outcome<void>> body(const Match& match);
  [[nodiscard]] http::Outcome<void> admit(const Match& match);
  [[nodiscard]] http::Outcome<void> limit_rate();
  [[nodiscard]] asio::awaitable<http::Outcome<Result>> handle_admitted(const Match& match);
  [[nodiscard]] asio::awaitable<http::Outcome<Result>> handle(const Match& match);
  [[nodiscard]] Response serialize(Result result);
  [[nodiscard]] asio::awaitable<http::Outcome<Response>> represent(Result result);
  [[nodiscard]] asio::awaitable<Next> drain(Response response, bool keep_alive, Next otherwise);
  [[nodiscard]] asio::awaitable<Next> refuse(http::Refusal refusal);
  [[nodiscard]] asio::awaitable<Next> answer_for_route(const Match& match);
  [[nodiscard]] bool reusable() const;
  void cut_short(unsigned status = 0);
  void log(unsigned status, std::uint64_t bytes);

  Stops& s_;
  Exchange& x_;
  std::optional<http::Reason> refused_;
  // Where the client stands, once its rate was asked for.
  std::optional<Quota> quota_;
};

}  // namespace sevenstops::stops
