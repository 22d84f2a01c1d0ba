#pragma once

#include "stops/connection.hpp"
#include "stops/metrics.hpp"
#include "http/head.hpp"
#include "stops/parse/settings.hpp"

namespace sevenstops {

/// The reason of the refusal that is none: the peer closed or kept silent between two requests.
inline constexpr const char* idle = "idle";

/// Parse: bytes become a request.
class Parse {
 public:
  explicit Parse(const ParseSettings& settings) : settings_(settings) {}

  /// Waits for the next head and reads it into `connection.request`. A refusal of status 0 means
  /// that the peer is gone: within a head, or between two requests (`idle`), where it may also have
  /// been silent for `idle_timeout`. `request.arrived` is the time of the head's first byte.
  [[nodiscard]] asio::awaitable<Outcome<Request*>> head(Connection& connection) const;

  /// Reads the request's body into `request.body`, answering `Expect: 100-continue` first. With
  /// `check_before_buffering` an oversized body is refused by its declared length; without, it is
  /// kept up to `body_limit` and refused at its end.
  [[nodiscard]] asio::awaitable<Outcome<void>> body(Connection& connection) const;

  /// Refuses by the declared length alone; what can be known before anything is read.
  [[nodiscard]] Outcome<void> declared(const Request& request) const;

 private:
  [[nodiscard]] asio::awaitable<Outcome<void>> sized_body(Connection& connection,
                                                          Clock::time_point deadline) const;
  [[nodiscard]] asio::awaitable<Outcome<void>> chunked_body(Connection& connection,
                                                            Clock::time_point deadline) const;
  ParseSettings settings_;
};

}  // namespace sevenstops
