#include "stops/http1/caller.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include "base/socket.hpp"

namespace sevenstops::stops {

asio::awaitable<bool> Http1Caller::left() {
  constexpr unsigned processing = 102;
  auto& stream = connection_.stream();
  // Bytes that came are the next request: it is read when this one is done, and what is behind it
  // can't be seen; only a reset can.
  if (connection_.unread().empty()) {
    const auto [error] = co_await stream.async_wait_input();
    if (error) {
      co_return false;
    }
    if (closed() && (!writer_.may_probe() || !writer_.interim_at_once(processing))) {
      co_return true;
    }
  }
  auto& socket = stream.socket();
  const auto [error] = co_await socket.async_wait(tcp::socket::wait_error, base::as_tuple);
  if (error || base::is_broken(socket)) {
    co_return !error;
  }
  // An urgent byte, which would be told again and again.
  asio::steady_timer never(co_await asio::this_coro::executor, Clock::time_point::max());
  co_await never.async_wait(base::as_tuple);
  co_return false;
}

bool Http1Caller::closed() { return connection_.stream().at_end(); }

asio::awaitable<bool> Http1Caller::interim(unsigned status, Clock::duration timeout) {
  const auto sent = co_await writer_.interim(status, timeout);
  co_return sent.has_value();
}

}  // namespace sevenstops::stops
