#include "stops/http1/caller.hpp"

#include <sys/socket.h>

namespace sevenstops::stops {

asio::awaitable<void> Http1Caller::left() {
  constexpr unsigned processing = 102;
  auto& socket = connection_.socket();
  // Bytes that came are the next request: it is read when this one is done, and what is behind it
  // can't be seen; only a reset can.
  if (connection_.unread().empty()) {
    co_await socket.async_wait(tcp::socket::wait_read, asio::use_awaitable);
    if (closed() && !writer_.interim_at_once(processing)) {
      co_return;
    }
  }
  co_await socket.async_wait(tcp::socket::wait_error, asio::use_awaitable);
}

bool Http1Caller::closed() {
  char byte = 0;
  const auto got = ::recv(connection_.socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK);
}

asio::awaitable<bool> Http1Caller::interim(unsigned status, Clock::duration timeout) {
  const auto sent = co_await writer_.interim(status, timeout);
  co_return sent.has_value();
}

}  // namespace sevenstops::stops
