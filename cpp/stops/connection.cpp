#include "stops/connection.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace sevenstops {

constexpr auto awaitable_tuple = asio::as_tuple(asio::use_awaitable);

asio::awaitable<std::size_t> read_more(Connection& connection, Clock::time_point deadline,
                                       std::size_t at_most) {
  connection.reserve(at_most);
  connection.deadline = deadline;
  const auto room = asio::buffer(connection.buffer.data() + connection.end, at_most);
  const auto [error, count] = co_await connection.socket.async_read_some(room, awaitable_tuple);
  connection.deadline = Clock::time_point::max();
  if (error) {
    co_return 0;
  }
  connection.end += count;
  co_return count;
}

asio::awaitable<bool> write_all(Connection& connection, std::string_view bytes,
                                Clock::duration timeout) {
  boost::system::error_code error;
  while (!bytes.empty()) {
    auto count = connection.socket.write_some(asio::buffer(bytes), error);
    if (error == asio::error::would_block) {
      connection.deadline = Clock::now() + timeout;
      const auto [failed, written] =
          co_await connection.socket.async_write_some(asio::buffer(bytes), awaitable_tuple);
      connection.deadline = Clock::time_point::max();
      error = failed;
      count = written;
    }
    if (error) {
      co_return false;
    }
    bytes.remove_prefix(count);
  }
  co_return true;
}

}  // namespace sevenstops
