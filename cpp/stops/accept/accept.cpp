#include "stops/accept/accept.hpp"

#include <fcntl.h>
#include <linux/filter.h>
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
constexpr const char* migrate_req = "/proc/sys/net/ipv4/tcp_migrate_req";

// accept(2): what is wrong with this connection, or for a while, not with the listener.
bool passes(const boost::system::error_code& error) {
  constexpr std::array passing = {ECONNABORTED, EPROTO,  EPERM,        EINTR,      EMFILE,
                                  ENFILE,       ENOBUFS, ENOMEM,       ENETDOWN,   ENOPROTOOPT,
                                  EHOSTDOWN,    ENONET,  EHOSTUNREACH, EOPNOTSUPP, ENETUNREACH};
  return std::ranges::find(passing, error.value()) != passing.end();
}

}  // namespace

Accept::Accept(asio::io_context& io, const tcp::endpoint& endpoint, const AcceptSettings& settings,
               Stall stall, bool joins)
    : acceptor_(io), settings_(settings), stall_(std::move(stall)) {
  const bool reuse_port = settings.listeners() == Listeners::per_thread;
  try {
    acceptor_.open(endpoint.protocol());
    acceptor_.set_option(tcp::acceptor::reuse_address(true));
    if (reuse_port && joins) {
      acceptor_.set_option(ReusePort(true));
    }
    acceptor_.bind(endpoint);
    // The first one shares the port only once it has it, or a second service would get a part of
    // this one's connections. It has it once it listens: before that, two may be bound to it.
    acceptor_.listen(static_cast<int>(settings.backlog));
    acceptor_.set_option(ReusePort(reuse_port));
    acceptor_.non_blocking(true);
  } catch (const boost::system::system_error& error) {
    throw std::runtime_error("cannot listen on " + endpoint.address().to_string() + ':' +
                             std::to_string(endpoint.port()) + ": " + error.code().message());
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

// A connection that completes between the last accept and the close would be reset, with the
// request that it brings. So first no handshake begins any more; those under way get a moment.
// Whose SYN is dropped sends it again after 1 s, and is refused.
void Accept::finish(bool heir) {
  constexpr std::chrono::milliseconds handshake{25};
  constexpr std::uint32_t flags_of_tcp = 13;
  constexpr std::uint32_t syn = 0x02;
  constexpr std::uint32_t whole = 0xffffffff;
  std::array code = {sock_filter(BPF_STMT(BPF_LD | BPF_B | BPF_ABS, flags_of_tcp)),
                     sock_filter(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, syn, 0, 1)),
                     sock_filter(BPF_STMT(BPF_RET | BPF_K, 0)),
                     sock_filter(BPF_STMT(BPF_RET | BPF_K, whole))};
  const sock_fprog program{.len = code.size(), .filter = code.data()};
  finish_at_ = Clock::now();
  if (!heir) {
    // Where it can't be attached, the close comes without it.
    (void)::setsockopt(acceptor_.native_handle(), SOL_SOCKET, SO_ATTACH_FILTER, &program,
                       sizeof program);
    *finish_at_ += handshake;
  }
  boost::system::error_code error;
  acceptor_.cancel(error);
}

// Or until it is to be finished.
asio::awaitable<void> Accept::readable() {
  const auto [error] = co_await acceptor_.async_wait(tcp::acceptor::wait_read, base::as_tuple);
  if (error && !finish_at_) {
    throw boost::system::system_error(error, "accept");
  }
}

asio::awaitable<std::optional<tcp::socket>> Accept::next(asio::io_context& owner) {
  while (true) {
    if (!settings_.drain_queue && !finish_at_) {
      co_await asio::post(asio::use_awaitable);
      co_await readable();
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
    if (error == asio::error::would_block && finish_at_) {
      if (Clock::now() >= *finish_at_) {
        close();
        co_return std::nullopt;
      }
      co_await base::sleep_until(*finish_at_);
    } else if (error == asio::error::would_block) {
      // With a shared listener a connection wakes every thread that waits, and one of them gets it.
      co_await readable();
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

bool migrate_to_others() {
  if (!migrates_to_others()) {
    std::ofstream(migrate_req) << 1;
  }
  return migrates_to_others();
}

bool migrates_to_others() {
  std::ifstream file(migrate_req);
  int now = 0;
  return file >> now && now == 1;
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
