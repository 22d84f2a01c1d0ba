#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <utility>

#include "load/engine/engine.hpp"

namespace sevenstops::load {
namespace {

constexpr int events_at_once = 512;
constexpr std::uint32_t interest = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;

timespec as_timespec(Clock::duration duration) {
  const auto ns = std::max<std::int64_t>(
      0, std::chrono::duration_cast<std::chrono::nanoseconds>(duration).count());
  constexpr std::int64_t second = 1'000'000'000;
  return {.tv_sec = ns / second, .tv_nsec = ns % second};
}

}  // namespace

class EpollEngine : public Engine {
 public:
  EpollEngine() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (epoll_ < 0) {
      throw std::runtime_error("no epoll descriptor is to be had");
    }
    // Arrivals are due to the microsecond; the default slack is 50 (prctl(2)).
    ::prctl(PR_SET_TIMERSLACK, 1);
  }
  EpollEngine(const EpollEngine&) = delete;
  EpollEngine& operator=(const EpollEngine&) = delete;
  ~EpollEngine() override { ::close(epoll_); }

  [[nodiscard]] std::string_view name() const override { return "epoll"; }

 private:
  [[nodiscard]] int socket_flags() const override { return SOCK_NONBLOCK; }

  [[nodiscard]] bool closed_by_peer(const Socket& socket) const override { return socket.at_end_; }

  // Closing takes the descriptor out of the set; events already fetched are forgotten here.
  void closing(Socket& socket) override {
    for (std::size_t i = next_; i < fetched_; ++i) {
      if (events_[i].data.ptr == &socket) {
        events_[i].data.ptr = nullptr;
      }
    }
  }

  bool start_connect(Operation& operation, const sockaddr* address, socklen_t length) override {
    auto& socket = *operation.socket;
    const bool connected = ::connect(socket.fd_, address, length) == 0;
    if (!connected && errno != EINPROGRESS) {
      operation.error = errno;
      return false;
    }
    // Not before: a socket that is not connecting counts as hung up.
    epoll_event event{.events = interest, .data = {.ptr = &socket}};
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket.fd_, &event) != 0) {
      operation.error = errno;
      return false;
    }
    if (!connected) {
      socket.sending_ = &operation;
    }
    return !connected;
  }

  // True when all is out or the sending has failed.
  static bool push(Operation& operation) {
    while (!operation.out.empty()) {
      const auto count =
          ::send(operation.socket->fd_, operation.out.data(), operation.out.size(), MSG_NOSIGNAL);
      if (count < 0) {
        if (errno == EAGAIN) {
          return false;
        }
        operation.error = errno;
        return true;
      }
      operation.out.remove_prefix(static_cast<std::size_t>(count));
      operation.taken += static_cast<std::size_t>(count);
    }
    return true;
  }

  bool start_send(Operation& operation) override {
    if (push(operation)) {
      operation.sent = Clock::now();
      return false;
    }
    operation.sending = true;
    operation.socket->sending_ = &operation;
    return true;
  }

  // True when there are bytes, the end, or an error.
  bool pull(Operation& operation) {
    auto& socket = *operation.socket;
    if (!socket.readable_) {
      return false;
    }
    const auto limit = std::min(operation.limit, scratch_.size());
    const auto count = ::recv(socket.fd_, scratch_.data(), limit, 0);
    if (count < 0) {
      if (errno == EAGAIN) {
        socket.readable_ = false;
        return false;
      }
      operation.received.error = errno;
      return true;
    }
    // Edge-triggered: a read that did not fill its room has emptied the socket, unless the peer's
    // close is behind it.
    if (static_cast<std::size_t>(count) < limit && !socket.at_end_) {
      socket.readable_ = false;
    }
    operation.received.bytes = {scratch_.data(), static_cast<std::size_t>(count)};
    return true;
  }

  bool start_receive(Operation& operation) override {
    if (pull(operation)) {
      return false;
    }
    operation.socket->receiving_ = &operation;
    return true;
  }

  bool start_exchange(Operation& operation) override {
    operation.receives = true;
    if (!push(operation)) {
      operation.sending = true;
      operation.socket->sending_ = &operation;
    } else {
      operation.sent = Clock::now();
    }
    // A refusal may come before the last byte has left, so both directions are watched.
    return start_receive(operation);
  }

  void cancel(Socket& socket) override {
    const int error = cut(socket);
    auto* sending = std::exchange(socket.sending_, nullptr);
    auto* receiving = std::exchange(socket.receiving_, nullptr);
    if (receiving != nullptr) {
      receiving->received.error = error;
    }
    if (sending != nullptr) {
      sending->error = error;
    }
    // The socket may be gone once the first of them has been resumed.
    if (receiving != nullptr) {
      resume(*receiving);
    }
    if (sending != nullptr && sending != receiving) {
      resume(*sending);
    }
  }

  void wait(Clock::time_point until) override {
    const auto timeout = as_timespec(until - Clock::now());
    const int count = ::epoll_pwait2(epoll_, events_.data(), events_at_once, &timeout, nullptr);
    now_ = Clock::now();
    fetched_ = count > 0 ? static_cast<std::size_t>(count) : 0;
    for (next_ = 0; next_ < fetched_;) {
      const auto& event = events_[next_++];
      if (event.data.ptr != nullptr) {
        happened(*static_cast<Socket*>(event.data.ptr), event.events);
      }
    }
    fetched_ = 0;
  }

  void happened(Socket& socket, std::uint32_t events) {
    socket.at_end_ = socket.at_end_ || (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    socket.readable_ = socket.readable_ || socket.at_end_ || (events & EPOLLIN) != 0;
    Operation* ended_sending = nullptr;
    if (auto* operation = socket.sending_;
        operation != nullptr && (events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0) {
      if (advance(*operation)) {
        socket.sending_ = nullptr;
        operation->sent = now_;
        ended_sending = operation->receives ? nullptr : operation;
      }
    }
    Operation* ended_receiving = nullptr;
    if (auto* operation = socket.receiving_; operation != nullptr && pull(*operation)) {
      socket.receiving_ = nullptr;
      // Nothing may point at an operation whose coroutine goes on.
      if (socket.sending_ == operation) {
        socket.sending_ = nullptr;
      }
      ended_receiving = operation;
    }
    // Whoever is resumed may take the socket with it, so nothing is looked up afterwards.
    if (ended_receiving != nullptr) {
      resume(*ended_receiving);
    }
    if (ended_sending != nullptr) {
      resume(*ended_sending);
    }
  }

  // True when a connect or a sending has come to its end.
  static bool advance(Operation& operation) {
    if (operation.sending) {
      return push(operation);
    }
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(operation.socket->fd_, SOL_SOCKET, SO_ERROR, &error, &size);
    operation.error = error;
    return true;
  }

  int epoll_;
  std::array<epoll_event, events_at_once> events_{};
  std::size_t next_ = 0;
  std::size_t fetched_ = 0;
  std::vector<char> scratch_ = std::vector<char>(Socket::everything);
};

std::unique_ptr<Engine> make_epoll_engine() { return std::make_unique<EpollEngine>(); }

}  // namespace sevenstops::load
