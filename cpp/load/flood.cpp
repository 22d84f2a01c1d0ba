#include "load/flood.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "load/response.hpp"

namespace sevenstops {

asio::awaitable<void> flood(LoadThread& thread, std::string head, std::string piece,
                            std::int64_t limit, CrowdRecord& record) {
  Connection connection(tcp::socket(co_await asio::this_coro::executor));
  const auto listed = thread.open.insert(thread.open.end(), &connection);
  const auto timeout = seconds(thread.plan.read_timeout);
  connection.deadline = Clock::now() + seconds(thread.plan.connect_timeout);
  const auto [refused] = co_await connection.socket.async_connect(
      thread.endpoint, asio::as_tuple(asio::use_awaitable));
  connection.deadline = Clock::time_point::max();
  Answer answer;
  if (!refused) {
    boost::system::error_code error;
    connection.socket.non_blocking(true, error);
    std::int64_t sent = 0;
    bool writable = co_await write_all(connection, head, timeout);
    while (writable && sent < limit && connection.socket.available(error) == 0) {
      const auto size =
          std::min<std::int64_t>(static_cast<std::int64_t>(piece.size()), limit - sent);
      writable = co_await write_all(
          connection, std::string_view(piece).substr(0, static_cast<std::size_t>(size)), timeout);
      sent += writable ? size : 0;
    }
    record.bytes_sent += static_cast<std::uint64_t>(sent);
    connection.timed_out = false;
    answer = co_await read_answer(connection, Clock::now() + timeout);
  }
  ++record.statuses[answer.status];
  thread.open.erase(listed);
}

}  // namespace sevenstops
