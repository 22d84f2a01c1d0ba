#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "load/engine/peer.hpp"

namespace sevenstops::load {

/// A server on loopback whose thread gives each connection, one after the other, to a function with
/// a blocking socket, and closes it then.
class LocalServer {
 public:
  explicit LocalServer(std::function<void(int)> serve, int backlog = 16)
      : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    (void)::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    ::listen(listener_, backlog);
    peer_.length = sizeof peer_.address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&peer_.address), &peer_.length);
    peer_.host = "sevenstops.test";
    if (serve) {
      thread_ = std::thread([this, serve = std::move(serve)] { run(serve); });
    }
  }
  LocalServer(const LocalServer&) = delete;
  LocalServer& operator=(const LocalServer&) = delete;
  ~LocalServer() {
    {
      // Wakes who accepts or reads: io_uring lets go of a connection only when it runs again.
      const std::scoped_lock lock(mutex_);
      ::shutdown(listener_, SHUT_RDWR);
      ::shutdown(connection_, SHUT_RDWR);
    }
    if (thread_.joinable()) {
      thread_.join();
    }
    ::close(listener_);
  }

  [[nodiscard]] const Peer& peer() const { return peer_; }
  [[nodiscard]] std::uint16_t port() const {
    return ntohs(reinterpret_cast<const sockaddr_in*>(&peer_.address)->sin_port);
  }

 private:
  void run(const std::function<void(int)>& serve) {
    for (int fd = 0; (fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0;) {
      set_connection(fd);
      serve(fd);
      set_connection(-1);
      ::close(fd);
    }
  }
  void set_connection(int fd) {
    const std::scoped_lock lock(mutex_);
    connection_ = fd;
  }

  int listener_;
  Peer peer_;
  std::mutex mutex_;
  int connection_ = -1;
  std::thread thread_;
};

/// The next bytes; empty at the end or for an error.
inline std::string read_some(int fd) {
  std::array<char, 16384> buffer{};
  const auto count = ::recv(fd, buffer.data(), buffer.size(), 0);
  return {buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(0, count))};
}

/// Bytes up to and with `end`, or what came before the peer closed.
inline std::string read_until(int fd, std::string_view end) {
  std::string text;
  while (text.find(end) == std::string::npos) {
    const auto more = read_some(fd);
    if (more.empty()) {
      break;
    }
    text += more;
  }
  return text;
}

/// Sends all of it, or as much as the peer takes.
inline void write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto count = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) {
      return;
    }
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

/// Waits until the peer has closed, reading nothing.
inline void await_close(int fd) {
  pollfd look{.fd = fd, .events = POLLRDHUP, .revents = 0};
  constexpr int longest_ms = 10000;
  ::poll(&look, 1, longest_ms);
}

/// Closing will send a reset.
inline void reset_on_close(int fd) {
  constexpr linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

inline void echo(int fd) {
  for (auto bytes = read_some(fd); !bytes.empty(); bytes = read_some(fd)) {
    write_all(fd, bytes);
  }
}

}  // namespace sevenstops::load
