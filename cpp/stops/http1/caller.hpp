#pragma once

#include "stops/caller.hpp"
#include "stops/http1/writer.hpp"

namespace sevenstops::stops {

/// Whoever has sent a request on an HTTP/1 connection.
///
/// A client that closes its side may have left, or may have nothing more to say and wait for its
/// answer (RFC 9112, 9.6); the end of its bytes looks the same. So it is sent "102 Processing" (RFC
/// 2518, 10.1) then: one that has left answers with a reset, one that waits reads over it. A client
/// of HTTP/1.0 may not be sent one, and to one that has sent a tied request it means something
/// else: either is taken to have left.
class Http1Caller final : public Caller {
 public:
  Http1Caller(Connection& connection, Http1Writer& writer)
      : connection_(connection), writer_(writer) {}

  [[nodiscard]] asio::awaitable<bool> left() override;
  [[nodiscard]] bool closed() override;
  [[nodiscard]] asio::awaitable<bool> interim(unsigned status, Clock::duration timeout) override;

 private:
  Connection& connection_;
  Http1Writer& writer_;
};

}  // namespace sevenstops::stops
