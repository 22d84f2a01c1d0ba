// Answers every request on 127.0.0.1 with the same bytes: the least a server can do, so that the
// client is what a benchmark measures; or answers exactly DELAY microseconds after the request
// came. One epoll loop; requests are small and come whole.
//
//   responder PORT [DELAY]

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <string_view>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view answer =
    "HTTP/1.1 200 OK\r\nServer: responder\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n"
    "Connection: keep-alive\r\n\r\nok\n";

struct Due {
  Clock::time_point at;
  int connection;
};

int listen_on(int port) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  constexpr int on = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener, SOMAXCONN) != 0) {
    std::cerr << "responder: port " << port << " cannot be had\n";
    std::exit(2);
  }
  return listener;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: responder PORT [DELAY_MICROSECONDS]\n";
    return 2;
  }
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int listener = listen_on(std::atoi(argv[1]));
  const auto delay = std::chrono::microseconds(argc > 2 ? std::atoi(argv[2]) : 0);
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  const auto watch = [&](int fd, std::uint32_t events) {
    epoll_event event{.events = events, .data = {.fd = fd}};
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
  };
  watch(listener, EPOLLIN);
  std::array<epoll_event, 512> events{};
  std::array<char, 16384> scratch{};
  std::deque<Due> due;
  const auto reply = [](int connection) {
    (void)!::send(connection, answer.data(), answer.size(), MSG_NOSIGNAL);
  };
  while (true) {
    // An exact delay is kept by looking all the time, not by sleeping.
    const int count = ::epoll_wait(epoll, events.data(), events.size(), delay.count() > 0 ? 0 : -1);
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd == listener) {
        const int connection = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        constexpr int on = 1;
        ::setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        watch(connection, EPOLLIN | EPOLLET);
      } else if (::recv(fd, scratch.data(), scratch.size(), 0) <= 0) {
        ::close(fd);
      } else if (delay.count() > 0) {
        due.push_back({Clock::now() + delay, fd});
      } else {
        reply(fd);
      }
    }
    while (!due.empty() && due.front().at <= Clock::now()) {
      reply(due.front().connection);
      due.pop_front();
    }
  }
}
