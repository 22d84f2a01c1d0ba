#include "stops/accept/accept.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/detail/socket_option.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <fstream>
#include <stdexcept>

#include "base/task_group.hpp"

namespace sevenstops::stops {
namespace {

using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

// Out of descriptors or memory: the connection stays queued, so trying at once would spin.
constexpr std::chrono::milliseconds retry_pause{20};

constexpr const char* somaxconn = "/proc/sys/net/core/somaxconn";

// accept(2): what is wrong with this connection, or for a while, not with the listener.
bool passes(const boost::system::error_code& error) {
  constexpr std::array passing = {ECONNABORTED, EPROTO,  EPERM,        EINTR,      EMFILE,
                                  ENFILE,       ENOBUFS, ENOMEM,       ENETDOWN,   ENOPROTOOPT,
                                  EHOSTDOWN,    ENONET,  EHOSTUNREACH, EOPNOTSUPP, ENETUNREACH};
  return std::ranges::find(passing, error.value()) != passing.end();
}

}  // namespace

Accept::Accept(asio::io_context& io, std::uint16_t port, const AcceptSettings& settings,
               Stall stall, bool joins)
    : acceptor_(io), settings_(settings), stall_(std::move(stall)) {
  const bool reuse_port = settings.listeners == Listeners::per_thread;
  const tcp::endpoint endpoint(asio::ip::address_v4::loopback(), port);
  try {
    acceptor_.open(endpoint.protocol());
    acceptor_.set_option(tcp::acceptor::reuse_address(true));
    if (reuse_port && joins) {
      acceptor_.set_option(ReusePort(true));
    }
    acceptor_.bind(endpoint);
    // The first one shares the port only once it has it: otherwise a second service would get a
    // part of this one's connections.
    acceptor_.set_option(ReusePort(reuse_port));
    acceptor_.listen(static_cast<int>(settings.backlog));
    acceptor_.non_blocking(true);
  } catch (const boost::system::system_error& error) {
    throw std::runtime_error("cannot listen on 127.0.0.1:" + std::to_string(port) + ": " +
                             error.code().message());
  }
}

Accept::Accept(asio::io_context& io, Accept& first, Stall stall)
    : acceptor_(io), settings_(first.settings_), stall_(std::move(stall)) {
  const int copy = ::fcntl(first.acceptor_.native_handle(), F_DUPFD_CLOEXEC, 0);
  boost::system::error_code error(copy < 0 ? errno : 0, boost::system::system_category());
  if (!error) {
    acceptor_.assign(tcp::v4(), copy, error);
    if (error) {
      ::close(copy);
    }
  }
  if (error) {
    throw std::runtime_error("cannot share the listener: " + error.message());
  }
  acceptor_.non_blocking(true);
}

// A listener that others share stays known to epoll when this descriptor of it is closed, and
// would be told of with a state that is gone: first it is taken out.
void Accept::close() {
  if (acceptor_.is_open()) {
    boost::system::error_code error;
    const int descriptor = acceptor_.release(error);
    if (!error) {
      ::close(descriptor);
    }
  }
}

asio::awaitable<tcp::socket> Accept::next(asio::io_context& owner) {
  while (true) {
    if (!settings_.drain_queue) {
      co_await asio::post(asio::use_awaitable);
      co_await acceptor_.async_wait(tcp::acceptor::wait_read, asio::use_awaitable);
    }
    // After every wait: a stall may begin while nobody comes.
    if (stall_) {
      const auto now = Clock::now();
      if (const auto wait = stall_(now); wait.count() > 0) {
        co_await base::sleep_until(now + wait);
        continue;
      }
    }
    tcp::socket socket(owner);
    boost::system::error_code error;
    acceptor_.accept(socket, error);
    if (!error) {
      co_return socket;
    }
    // With a shared listener a connection wakes every thread that waits, and one of them gets it.
    if (error == asio::error::would_block) {
      co_await acceptor_.async_wait(tcp::acceptor::wait_read, asio::use_awaitable);
    } else if (!passes(error)) {
      throw boost::system::system_error(error, "accept");
    } else if (error != asio::error::connection_aborted) {
      co_await base::sleep_until(Clock::now() + retry_pause);
    }
  }
}

bool raise_somaxconn(std::int64_t wanted) {
  if (backlog_granted(wanted) >= wanted) {
    return true;
  }
  std::ofstream(somaxconn) << wanted;
  return backlog_granted(wanted) >= wanted;
}

std::int64_t backlog_granted(std::int64_t wanted) {
  std::ifstream file(somaxconn);
  std::int64_t most = 0;
  return file >> most ? std::min(wanted, most) : wanted;
}

std::chrono::milliseconds time_in_queue(tcp::socket& socket) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(socket.native_handle(), IPPROTO_TCP, TCP_INFO, &info, &size) != 0) {
    return {};
  }
  return std::chrono::milliseconds(std::max(info.tcpi_last_ack_recv, info.tcpi_last_data_recv));
}

}  // namespace sevenstops::stops
