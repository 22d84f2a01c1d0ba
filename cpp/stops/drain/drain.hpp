#pragma once

#include "stops/connection.hpp"
#include "stops/drain/settings.hpp"
#include "stops/metrics.hpp"
#include "stops/serialize/serialize.hpp"

namespace sevenstops {

/// Drain: bytes leave at the client's pace.
class Drain {
 public:
  Drain(const DrainSettings& settings, Metrics& metrics) : settings_(settings), metrics_(metrics) {}

  /// Writes head and body; `keep_alive` is what the head says. False when the connection has to
  /// end: the peer is gone, took nothing for `write_timeout`, or the stream broke off.
  [[nodiscard]] asio::awaitable<bool> send(Connection& connection, Body& body, bool keep_alive,
                                           bool head_only);

  /// After an early final answer: says that nothing more comes and reads away what the client is
  /// still sending, for `linger_timeout` at most, since a close with unread bytes resets the
  /// connection and can take the answer with it (RFC 9112, 9.6).
  [[nodiscard]] asio::awaitable<void> linger(Connection& connection);

 private:
  [[nodiscard]] asio::awaitable<bool> stream(Connection& connection, ByteSource& source,
                                             bool chunked);
  [[nodiscard]] bool wants_timing(const Request& request) const;
  void queued(std::size_t before, std::size_t after);

  DrainSettings settings_;
  Metrics& metrics_;
};

}  // namespace sevenstops
