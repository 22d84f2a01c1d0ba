#pragma once

#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <coroutine>
#include <cstdint>
#include <memory>
#include <queue>
#include <string_view>
#include <vector>

#include "load/engine/time_source.hpp"

namespace sevenstops::load {

class Engine;
class Socket;

/// What came in, or why nothing did. The bytes are the engine's own and stay valid until the
/// coroutine that was given them awaits or starts something else.
struct Received {
  std::string_view bytes;
  /// 0, or an errno. No bytes and no error: the peer has closed its side.
  int error = 0;

  [[nodiscard]] bool ended() const { return bytes.empty(); }
};

/// An operation under way; it lives in the coroutine that waits for it.
struct Operation {
  std::coroutine_handle<> waiter;
  Socket* socket = nullptr;
  std::string_view out;
  std::size_t limit = 0;
  /// Bytes of `out` that the kernel has taken.
  std::size_t taken = 0;
  Received received;
  int error = 0;
  /// When the kernel had taken the last byte of `out`.
  Clock::time_point sent;
  /// Whether bytes are being sent, as against a connection being made.
  bool sending = false;
  /// Whether bytes are waited for.
  bool receives = false;
  /// io_uring: parts that the kernel holds, and the buffer that `received` points into.
  int parts = 0;
  int buffer = -1;
  /// io_uring: whether `out` stands in the ring's queue and the kernel has not read it yet.
  bool queued = false;
};

/// A TCP socket of an engine. One sending and one receiving may be under way at a time.
///
///     if (int error = co_await socket.connect(address, length)) …
///     auto got = co_await socket.exchange(request);
class Socket {
 public:
  /// Opens the socket; `error()` tells when there was none to be had.
  Socket(Engine& engine, int family);
  ~Socket();
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  struct Awaiter;
  struct ConnectAwaiter;
  struct SendAwaiter;
  struct ReceiveAwaiter;
  struct ExchangeAwaiter;

  /// 0, or an errno.
  [[nodiscard]] ConnectAwaiter connect(const sockaddr* address, socklen_t length);
  /// Sends every byte. 0, or an errno.
  [[nodiscard]] SendAwaiter send(std::string_view bytes);
  /// The next bytes, `limit` of them at most.
  [[nodiscard]] ReceiveAwaiter receive(std::size_t limit = everything);
  /// Sends every byte and gives the first that come back; the fewest system calls the engine knows.
  [[nodiscard]] ExchangeAwaiter exchange(std::string_view bytes);

  /// 0, or the errno of the opening.
  [[nodiscard]] int error() const { return error_; }
  [[nodiscard]] int fd() const { return fd_; }
  /// Whether it is known that the peer has closed a connection that rests.
  [[nodiscard]] bool closed_by_peer() const;
  /// When an operation under way is given up (ETIMEDOUT).
  void expire_at(Clock::time_point deadline);
  void never_expire();

  static constexpr std::size_t everything = 65536;

 private:
  friend class Engine;
  friend class EpollEngine;
  friend class UringEngine;

  Engine& engine_;
  int fd_ = -1;
  int error_ = 0;
  std::size_t slot_ = 0;
  // Operations that the engine holds, by direction; connecting counts as sending.
  Operation* sending_ = nullptr;
  Operation* receiving_ = nullptr;
  bool timed_out_ = false;
  bool readable_ = false;
  bool at_end_ = false;
};

/// Carries the sockets and timers of one load thread. Completions resume the coroutines that wait.
class Engine {
 public:
  explicit Engine(const TimeSource& clock = steady_time)
      : now_(clock.now()), clock_(clock), next_sweep_(now_) {}
  virtual ~Engine() = default;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  [[nodiscard]] virtual std::string_view name() const = 0;

  /// Hands over what was asked for, waits until `until` at the latest for something to happen, and
  /// resumes who waited for it. Timers and deadlines that have come are seen to as well.
  void run_once(Clock::time_point until);

  /// From now on every operation and every sleep ends at once, with ECANCELED, so that coroutines
  /// come to their end by themselves.
  void stop();
  [[nodiscard]] bool stopping() const { return stopping_; }

  struct SleepAwaiter {
    Engine& engine;
    Clock::time_point until;
    [[nodiscard]] bool await_ready() const { return engine.stopping_; }
    void await_suspend(std::coroutine_handle<> waiter) const {
      engine.timers_.push({until, waiter});
    }
    void await_resume() const {}
  };
  [[nodiscard]] SleepAwaiter sleep_until(Clock::time_point until) { return {*this, until}; }

  /// The time of the last look at the clock, one for each batch of completions.
  [[nodiscard]] Clock::time_point now() const { return now_; }
  /// The clock itself, for those who need this very moment.
  [[nodiscard]] const TimeSource& clock() const { return clock_; }

 protected:
  friend class Socket;

  // Each gives true when the operation is under way, false when it has ended at once.
  [[nodiscard]] virtual bool start_connect(Operation&, const sockaddr*, socklen_t) = 0;
  [[nodiscard]] virtual bool start_send(Operation&) = 0;
  [[nodiscard]] virtual bool start_receive(Operation&) = 0;
  [[nodiscard]] virtual bool start_exchange(Operation&) = 0;
  /// Ends what is under way on the socket, soon or at once.
  virtual void cancel(Socket&) = 0;
  [[nodiscard]] virtual bool closed_by_peer(const Socket&) const = 0;
  /// The last moment at which the socket's descriptor is its own.
  virtual void closing(Socket&) = 0;
  /// Waits and dispatches; sets `now_` before it does.
  virtual void wait(Clock::time_point until) = 0;
  /// Whether sockets have to be non-blocking.
  [[nodiscard]] virtual int socket_flags() const = 0;

  /// The error that an operation cut short by us has: ETIMEDOUT or ECANCELED.
  [[nodiscard]] static int cut(const Socket& socket) {
    return socket.timed_out_ ? ETIMEDOUT : ECANCELED;
  }
  static void resume(Operation& operation) { operation.waiter.resume(); }

  Clock::time_point now_;

 private:
  struct Timer {
    Clock::time_point at;
    std::coroutine_handle<> waiter;
    bool operator<(const Timer& other) const { return at > other.at; }
  };

  void fire_timers();
  void sweep();

  const TimeSource& clock_;
  std::priority_queue<Timer> timers_;
  // Deadlines stand side by side, so that looking at ten thousand of them is a few microseconds.
  std::vector<Clock::time_point> deadlines_;
  std::vector<Socket*> sockets_;
  std::vector<std::size_t> free_slots_;
  Clock::time_point next_sweep_;
  bool stopping_ = false;
};

struct Socket::Awaiter {
  Operation operation;

  Awaiter(Socket& socket, std::string_view out, std::size_t limit) {
    operation.socket = &socket;
    operation.out = out;
    operation.limit = limit;
  }
  /// True when the operation has to end before it begins.
  [[nodiscard]] bool refused() {
    auto& socket = *operation.socket;
    socket.timed_out_ = false;
    const int error = socket.error_ != 0          ? socket.error_
                      : socket.engine_.stopping() ? ECANCELED
                                                  : 0;
    operation.error = operation.received.error = error;
    return error != 0;
  }
};

struct Socket::ConnectAwaiter : Awaiter {
  const sockaddr* address;
  socklen_t length;
  ConnectAwaiter(Socket& socket, const sockaddr* a, socklen_t l)
      : Awaiter(socket, {}, 0), address(a), length(l) {}
  [[nodiscard]] bool await_ready() { return refused(); }
  bool await_suspend(std::coroutine_handle<> waiter) {
    operation.waiter = waiter;
    return operation.socket->engine_.start_connect(operation, address, length);
  }
  [[nodiscard]] int await_resume() const { return operation.error; }
};

struct Socket::SendAwaiter : Awaiter {
  SendAwaiter(Socket& socket, std::string_view bytes) : Awaiter(socket, bytes, 0) {}
  [[nodiscard]] bool await_ready() { return refused(); }
  bool await_suspend(std::coroutine_handle<> waiter) {
    operation.waiter = waiter;
    return operation.socket->engine_.start_send(operation);
  }
  [[nodiscard]] int await_resume() const { return operation.error; }
};

struct Socket::ReceiveAwaiter : Awaiter {
  ReceiveAwaiter(Socket& socket, std::size_t limit) : Awaiter(socket, {}, limit) {}
  [[nodiscard]] bool await_ready() { return refused(); }
  bool await_suspend(std::coroutine_handle<> waiter) {
    operation.waiter = waiter;
    return operation.socket->engine_.start_receive(operation);
  }
  [[nodiscard]] Received await_resume() const { return operation.received; }
};

/// What an exchange gives: the first bytes back, when the last byte had left, and how many did.
struct Exchanged {
  Received received;
  Clock::time_point sent;
  std::size_t taken = 0;
};

struct Socket::ExchangeAwaiter : Awaiter {
  ExchangeAwaiter(Socket& socket, std::string_view bytes) : Awaiter(socket, bytes, everything) {}
  [[nodiscard]] bool await_ready() { return refused(); }
  bool await_suspend(std::coroutine_handle<> waiter) {
    operation.waiter = waiter;
    return operation.socket->engine_.start_exchange(operation);
  }
  [[nodiscard]] Exchanged await_resume() const {
    return {operation.received, operation.sent, operation.taken};
  }
};

inline Socket::ConnectAwaiter Socket::connect(const sockaddr* address, socklen_t length) {
  return {*this, address, length};
}
inline Socket::SendAwaiter Socket::send(std::string_view bytes) { return {*this, bytes}; }
inline Socket::ReceiveAwaiter Socket::receive(std::size_t limit) { return {*this, limit}; }
inline Socket::ExchangeAwaiter Socket::exchange(std::string_view bytes) { return {*this, bytes}; }
inline bool Socket::closed_by_peer() const { return engine_.closed_by_peer(*this); }
inline void Socket::expire_at(Clock::time_point deadline) { engine_.deadlines_[slot_] = deadline; }
inline void Socket::never_expire() { expire_at(Clock::time_point::max()); }

/// epoll: readiness, two system calls for each exchange.
[[nodiscard]] std::unique_ptr<Engine> make_epoll_engine();

/// io_uring: an exchange is a linked pair, and one system call carries those of many sockets.
/// Nothing where this kernel, or what this process may do, lacks it. Made in the thread that uses
/// it.
[[nodiscard]] std::unique_ptr<Engine> make_uring_engine();

/// The engine called `name`: "epoll", "io_uring", or "auto" for the faster one that is there.
/// Throws std::runtime_error for one that isn't.
[[nodiscard]] std::unique_ptr<Engine> make_engine(std::string_view name);

}  // namespace sevenstops::load
