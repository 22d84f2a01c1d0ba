#include "stops/accept/accept.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/detail/socket_option.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <stdexcept>

namespace sevenstops {
namespace {

using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

// Out of descriptors or memory: the connection stays queued, so trying at once would spin.
constexpr std::chrono::milliseconds retry_pause{20};

}  // namespace

Accept::Accept(asio::io_context& io, std::uint16_t port, const AcceptSettings& settings,
               StalledAcceptor fault)
    : acceptor_(io), settings_(settings), fault_(fault) {
  const tcp::endpoint endpoint(asio::ip::address_v4::loopback(), port);
  try {
    acceptor_.open(endpoint.protocol());
    acceptor_.set_option(tcp::acceptor::reuse_address(true));
    if (settings.reuse_port) {
      acceptor_.set_option(ReusePort(true));
    }
    acceptor_.bind(endpoint);
    acceptor_.listen(static_cast<int>(settings.backlog));
    acceptor_.non_blocking(true);
  } catch (const boost::system::system_error& error) {
    throw std::runtime_error("cannot listen on 127.0.0.1:" + std::to_string(port) + ": " +
                             error.code().message());
  }
}

asio::awaitable<void> Accept::pause(std::chrono::duration<double> duration) {
  asio::steady_timer timer(co_await asio::this_coro::executor, seconds(duration.count()));
  co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
}

asio::awaitable<tcp::socket> Accept::next(asio::io_context& owner) {
  while (true) {
    if (const auto wait = fault_.wait(start_, Clock::now()); wait.count() > 0) {
      co_await pause(wait);
      continue;
    }
    if (!settings_.drain_queue) {
      co_await asio::post(asio::use_awaitable);
      co_await acceptor_.async_wait(tcp::acceptor::wait_read, asio::as_tuple(asio::use_awaitable));
    }
    tcp::socket socket(owner);
    boost::system::error_code error;
    acceptor_.accept(socket, error);
    if (!error) {
      co_return socket;
    }
    if (error == asio::error::would_block) {
      co_await acceptor_.async_wait(tcp::acceptor::wait_read, asio::as_tuple(asio::use_awaitable));
    } else if (error != asio::error::connection_aborted) {
      co_await pause(retry_pause);
    }
  }
}

std::chrono::milliseconds time_in_queue(tcp::socket& socket) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(socket.native_handle(), IPPROTO_TCP, TCP_INFO, &info, &size) != 0) {
    return {};
  }
  return std::chrono::milliseconds(info.tcpi_last_ack_recv);
}

void shed(tcp::socket socket) {
  constexpr std::string_view answer =
      "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n"
      "Connection: close\r\n\r\n";
  boost::system::error_code error;
  socket.non_blocking(true, error);
  socket.write_some(asio::buffer(answer), error);
  socket.shutdown(tcp::socket::shutdown_send, error);
}

}  // namespace sevenstops
