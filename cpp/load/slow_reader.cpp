#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>

#include "load/client.hpp"

namespace sevenstops {

asio::awaitable<void> slow_reader(LoadThread& thread, const Crowd& crowd, CrowdRecord& record) {
  constexpr auto tuple = asio::as_tuple(asio::use_awaitable);
  constexpr int receive_buffer = 16384;
  constexpr double tick = 0.02;
  const auto executor = co_await asio::this_coro::executor;
  Connection connection{tcp::socket(executor)};
  const auto listed = thread.open.insert(thread.open.end(), &connection);
  boost::system::error_code error;
  connection.socket.open(thread.endpoint.protocol(), error);
  // Set before the handshake, which fixes the window that is offered.
  connection.socket.set_option(asio::socket_base::receive_buffer_size(receive_buffer), error);
  const auto [refused] = co_await connection.socket.async_connect(thread.endpoint, tuple);
  unsigned status = 0;
  if (!refused) {
    const std::string request = "GET " + crowd.target + " HTTP/1.1\r\nHost: " + thread.host +
                                "\r\nConnection: close\r\n\r\n";
    connection.socket.non_blocking(true, error);
    co_await write_all(connection, request, seconds(thread.plan.read_timeout));
    const auto end = thread.start + seconds(thread.plan.duration);
    const auto size = static_cast<std::size_t>(std::max(1.0, crowd.rate * tick));
    asio::steady_timer timer(executor, Clock::now());
    while (Clock::now() < end) {
      const auto count = co_await read_more(connection, end, size);
      if (count == 0) {
        break;
      }
      if (status == 0 && connection.unread().size() > 12) {
        std::from_chars(connection.unread().data() + 9, connection.unread().data() + 12, status);
      }
      record.bytes_read += count;
      connection.consume(connection.unread().size());
      timer.expires_at(timer.expiry() + seconds(static_cast<double>(count) / crowd.rate));
      co_await timer.async_wait(tuple);
    }
  }
  ++record.statuses[status];
  thread.open.erase(listed);
}

}  // namespace sevenstops
