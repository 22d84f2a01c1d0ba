#include <sys/prctl.h>

#include <cerrno>
#include <deque>
#include <stdexcept>
#include <utility>

#include "load/engine/engine.hpp"
#include "load/engine/uring_ring.hpp"

namespace sevenstops::load {
namespace {

// Up to here a request surely fits the socket's buffer, so its sending needs no completion.
constexpr std::size_t surely_sent_at_once = 16384;
// What is handed over together is sent one after the other; a longer row would make the last of it
// look slow.
constexpr std::size_t most_sent_together = 8;

// What a completion tells of, in the low bits of its data. The rest is the address of an operation,
// or, for a stream of arriving bytes, the socket's slot and how often that has been used: such a
// stream may outlive its socket.
enum class Part : std::uint64_t { connected, sent, received, arrived, none };
constexpr std::uint64_t part_mask = 7;
constexpr int part_bits = 3;
constexpr int use_shift = 32;

std::uint64_t mark(const Operation& operation, Part part) {
  return reinterpret_cast<std::uint64_t>(&operation) | static_cast<std::uint64_t>(part);
}

}  // namespace

class UringEngine : public Engine {
 public:
  UringEngine() : usable_(ring_.usable() && buffers_.register_with(ring_)) {
    if (usable_) {
      // Arrivals are due to the microsecond; the default slack is 50 (prctl(2)).
      ::prctl(PR_SET_TIMERSLACK, 1);
    }
  }

  [[nodiscard]] bool usable() const { return usable_; }
  [[nodiscard]] std::string_view name() const override { return "io_uring"; }

 private:
  // Bytes that have arrived and that nobody has asked for yet.
  struct Piece {
    int buffer = -1;
    Received received;
  };
  // The stream of a socket's arriving bytes: one request to the kernel for all of them.
  struct Stream {
    Socket* socket = nullptr;
    std::uint32_t uses = 0;
    bool armed = false;
    std::deque<Piece> waiting;
  };

  // Without O_NONBLOCK the kernel itself waits for readiness and tries again.
  [[nodiscard]] int socket_flags() const override { return 0; }

  Stream& stream_of(Socket& socket) {
    if (streams_.size() <= socket.slot_) {
      streams_.resize(socket.slot_ + 1);
    }
    auto& stream = streams_[socket.slot_];
    if (stream.socket != &socket) {
      stream.socket = &socket;
      ++stream.uses;
    }
    return stream;
  }

  static std::uint64_t mark(const Stream& stream) {
    return (((static_cast<std::uint64_t>(stream.uses) << use_shift) | stream.socket->slot_)
            << part_bits) |
           static_cast<std::uint64_t>(Part::arrived);
  }

  bool start_connect(Operation& operation, const sockaddr* address, socklen_t length) override {
    auto* e = ring_.entry();
    io_uring_prep_connect(e, operation.socket->fd_, address, length);
    io_uring_sqe_set_data64(e, load::mark(operation, Part::connected));
    operation.parts = 1;
    operation.socket->sending_ = &operation;
    return true;
  }

  void ask_send(Operation& operation, bool tell) {
    auto* e = ring_.entry();
    io_uring_prep_send(e, operation.socket->fd_, operation.out.data(), operation.out.size(),
                       MSG_NOSIGNAL | MSG_WAITALL);
    if (tell) {
      io_uring_sqe_set_data64(e, load::mark(operation, Part::sent));
      ++operation.parts;
      operation.socket->sending_ = &operation;
    } else {
      // A failed sending of a few bytes shows in what arrives: a reset, or the peer's close.
      io_uring_sqe_set_flags(e, IOSQE_CQE_SKIP_SUCCESS);
      io_uring_sqe_set_data64(e, static_cast<std::uint64_t>(Part::none));
      operation.taken = operation.out.size();
      operation.queued = true;
      handed_over_.push_back(&operation);
    }
    operation.sending = true;
  }

  void ask_receive(Operation& operation) {
    auto* e = ring_.entry();
    io_uring_prep_recv(e, operation.socket->fd_, nullptr,
                       std::min(operation.limit, ProvidedBuffers::size), 0);
    io_uring_sqe_set_flags(e, IOSQE_BUFFER_SELECT);
    e->buf_group = ProvidedBuffers::group;
    io_uring_sqe_set_data64(e, load::mark(operation, Part::received));
    ++operation.parts;
  }

  void arm(Stream& stream) {
    if (!stream.armed) {
      auto* e = ring_.entry();
      io_uring_prep_recv_multishot(e, stream.socket->fd_, nullptr, 0, 0);
      io_uring_sqe_set_flags(e, IOSQE_BUFFER_SELECT);
      e->buf_group = ProvidedBuffers::group;
      io_uring_sqe_set_data64(e, mark(stream));
      stream.armed = true;
    }
  }

  bool start_send(Operation& operation) override {
    ask_send(operation, true);
    return true;
  }

  bool start_receive(Operation& operation) override {
    auto& socket = *operation.socket;
    operation.receives = true;
    auto& stream = stream_of(socket);
    if (!stream.waiting.empty()) {
      const auto piece = stream.waiting.front();
      stream.waiting.pop_front();
      operation.received = piece.received;
      // Released once the next completions are handled: its reader waits for something else by
      // then.
      spent_.push_back(piece.buffer);
      return false;
    }
    socket.receiving_ = &operation;
    if (operation.limit < Socket::everything) {
      ask_receive(operation);
    } else {
      arm(stream);
    }
    return true;
  }

  bool start_exchange(Operation& operation) override {
    const bool small = operation.out.size() <= surely_sent_at_once;
    ask_send(operation, !small);
    if (start_receive(operation)) {
      if (handed_over_.size() >= most_sent_together) {
        hand_over();
        io_uring_submit(ring_.get());
      }
      return true;
    }
    // Bytes from before the request: whoever asked has them, and no sending may be left behind.
    hand_over();
    io_uring_submit(ring_.get());
    return operation.parts > 0;
  }

  // The time at which the queue is the kernel's: that of every sending in it.
  Clock::time_point hand_over() {
    const auto now = Clock::now();
    for (auto* operation : handed_over_) {
      operation->sent = now;
      operation->queued = false;
    }
    handed_over_.clear();
    return now;
  }

  // Before an operation ends, since the kernel would read bytes that are gone: its peer may close
  // the connection, or be given up, while its request still stands in the queue.
  void leave_queue(const Operation& operation) {
    if (operation.queued) {
      hand_over();
      io_uring_submit(ring_.get());
    }
  }

  void ask_cancel(std::uint64_t data) {
    auto* e = ring_.entry();
    io_uring_prep_cancel64(e, data, 0);
    io_uring_sqe_set_data64(e, static_cast<std::uint64_t>(Part::none));
  }

  void cancel(Socket& socket) override {
    if (auto* operation = socket.sending_; operation != nullptr) {
      ask_cancel(load::mark(*operation, operation->sending ? Part::sent : Part::connected));
    }
    auto* operation = socket.receiving_;
    if (operation == nullptr) {
      return;
    }
    if (operation->limit < Socket::everything) {
      ask_cancel(load::mark(*operation, Part::received));
      return;
    }
    // The stream stays as it is; only the waiting ends.
    socket.receiving_ = nullptr;
    operation->received.error = cut(socket);
    if (operation->parts == 0) {
      leave_queue(*operation);
      resume(*operation);
    }
  }

  // A resting connection's stream goes on listening; what it brings unasked is the end of it.
  [[nodiscard]] bool closed_by_peer(const Socket& socket) const override {
    return socket.slot_ < streams_.size() && streams_[socket.slot_].socket == &socket &&
           !streams_[socket.slot_].waiting.empty();
  }

  void closing(Socket& socket) override {
    if (streams_.size() <= socket.slot_ || streams_[socket.slot_].socket != &socket) {
      return;
    }
    auto& stream = streams_[socket.slot_];
    for (const auto& piece : stream.waiting) {
      buffers_.release(piece.buffer);
    }
    stream.waiting.clear();
    if (stream.armed) {
      // The kernel's request holds the connection open until it has ended.
      ask_cancel(mark(stream));
      stream.armed = false;
    }
    stream.socket = nullptr;
  }

  void wait(Clock::time_point until) override {
    const auto before = hand_over();
    const auto left = std::max<std::int64_t>(
        0, std::chrono::duration_cast<std::chrono::nanoseconds>(until - before).count());
    constexpr std::int64_t second = 1'000'000'000;
    __kernel_timespec timeout{.tv_sec = left / second, .tv_nsec = left % second};
    io_uring_cqe* first = nullptr;
    io_uring_submit_and_wait_timeout(ring_.get(), &first, 1, &timeout, nullptr);
    now_ = Clock::now();
    unsigned head = 0;
    unsigned count = 0;
    io_uring_cqe* completion = nullptr;
    io_uring_for_each_cqe(ring_.get(), head, completion) {
      ++count;
      happened(*completion);
    }
    io_uring_cq_advance(ring_.get(), count);
    recycle();
  }

  void recycle() {
    for (const int id : spent_) {
      buffers_.release(id);
    }
    spent_.clear();
  }

  void happened(const io_uring_cqe& completion) {
    const auto data = completion.user_data;
    const auto part = static_cast<Part>(data & part_mask);
    const int taken = (completion.flags & IORING_CQE_F_BUFFER) != 0
                          ? static_cast<int>(completion.flags >> IORING_CQE_BUFFER_SHIFT)
                          : -1;
    if (part == Part::none) {
      return;
    }
    if (part == Part::arrived) {
      arrived(data >> part_bits, completion.res, taken,
              (completion.flags & IORING_CQE_F_MORE) != 0);
      return;
    }
    // NOLINTNEXTLINE(performance-no-int-to-ptr): it was a pointer when it was handed over.
    auto& operation = *reinterpret_cast<Operation*>(data & ~part_mask);
    auto& socket = *operation.socket;
    --operation.parts;
    if (part == Part::received) {
      if (completion.res == -ENOBUFS || completion.res == -EINTR) {
        ask_receive(operation);
        return;
      }
      operation.received = received(socket, completion.res, taken);
      operation.buffer = taken;
      socket.receiving_ = nullptr;
    } else if (!ended_sending(operation, completion.res)) {
      return;
    }
    if (operation.parts == 0) {
      spent_.push_back(operation.buffer);
      resume(operation);
    }
  }

  // Whether whoever waits for a connect or a sending has to hear of its end.
  bool ended_sending(Operation& operation, int result) {
    auto& socket = *operation.socket;
    socket.sending_ = nullptr;
    operation.sent = now_;
    operation.taken += static_cast<std::size_t>(std::max(0, result));
    // An exchange is still waiting for its answer.
    const bool answer_missing = socket.receiving_ == &operation;
    if (result < 0) {
      operation.error = result == -ECANCELED ? cut(socket) : -result;
    } else if (static_cast<std::size_t>(result) < operation.out.size()) {
      // The kernel goes on by itself until all is sent, unless it was stopped: by us, or by an
      // error that comes out when the rest is tried.
      if (socket.timed_out_ || stopping()) {
        operation.error = cut(socket);
      } else if (!operation.receives || answer_missing) {
        operation.out.remove_prefix(static_cast<std::size_t>(result));
        ask_send(operation, true);
        return false;
      }
    }
    return !answer_missing;
  }

  [[nodiscard]] Received received(const Socket& socket, int result, int taken) {
    if (result >= 0) {
      return {
          .bytes = {taken >= 0 ? buffers_.at(taken) : nullptr, static_cast<std::size_t>(result)}};
    }
    return {.bytes = {}, .error = result == -ECANCELED ? cut(socket) : -result};
  }

  void arrived(std::uint64_t place, int result, int taken, bool more) {
    const auto slot = static_cast<std::size_t>(place & 0xffffffff);
    const auto uses = static_cast<std::uint32_t>(place >> use_shift);
    // A socket that is gone wants nothing; the shift has cut its count of uses by the part's bits.
    constexpr std::uint32_t kept_bits = 0xffffffffU >> part_bits;
    auto& stream = streams_[slot];
    if (stream.socket == nullptr || (stream.uses & kept_bits) != uses) {
      buffers_.release(taken);
      return;
    }
    auto& socket = *stream.socket;
    stream.armed = more;
    if (result == -ENOBUFS || result == -EINTR) {
      if (socket.receiving_ != nullptr) {
        arm(stream);
      }
      return;
    }
    auto* operation = std::exchange(socket.receiving_, nullptr);
    const auto got = received(socket, result, taken);
    if (operation == nullptr) {
      stream.waiting.push_back({taken, got});
      return;
    }
    operation->received = got;
    if (operation->parts > 0) {
      // The answer is there before the request has left: the rest is not worth sending. The bytes
      // are kept until the sending has come to its end.
      ask_cancel(load::mark(*operation, Part::sent));
      operation->buffer = taken;
      return;
    }
    leave_queue(*operation);
    resume(*operation);
    buffers_.release(taken);
  }

  // In this order, since the ring has to go first.
  ProvidedBuffers buffers_;
  Ring ring_;
  const bool usable_;
  std::vector<Stream> streams_;
  // Exchanges whose request is in the queue and not yet the kernel's.
  std::vector<Operation*> handed_over_;
  // Buffers to be released once the coroutines that look at them wait for something else.
  std::vector<int> spent_;
};

std::unique_ptr<Engine> make_uring_engine() {
  auto engine = std::make_unique<UringEngine>();
  return engine->usable() ? std::move(engine) : nullptr;
}

}  // namespace sevenstops::load
