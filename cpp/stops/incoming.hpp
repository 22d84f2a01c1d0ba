#pragma once

#include <cstddef>

#include "base/asio.hpp"
#include "http/refusal.hpp"
#include "http/request.hpp"

namespace sevenstops::stops {

namespace asio = boost::asio;

class Parse;

/// How requests come in, as the protocol has it.
class Incoming {
 public:
  /// The next request, by way of parse. HTTP/1 reads its head off the connection.
  [[nodiscard]] virtual asio::awaitable<http::Outcome<void>> next(const Parse& parse,
                                                                  http::Request& request) = 0;
  /// Bytes that memory is held for on its behalf, the request's own not counted.
  [[nodiscard]] virtual std::size_t held() const = 0;

 protected:
  ~Incoming() = default;
};

}  // namespace sevenstops::stops
