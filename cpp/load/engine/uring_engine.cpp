#include <liburing.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include <cerrno>
#include <deque>
#include <stdexcept>
#include <utility>

#include "load/engine/engine.hpp"

namespace sevenstops::load {
namespace {

constexpr unsigned queue_entries = 4096;
// Buffers that arriving bytes take from a common store: a waiting connection holds none.
constexpr unsigned buffer_count = 256;
constexpr std::size_t buffer_size = 32768;
constexpr int buffer_group = 0;
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
  UringEngine() {
    // Completions are handled when we wait for them, not whenever the kernel has one (6.1); older
    // kernels know less of this.
    for (const unsigned flags :
         {IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN, IORING_SETUP_COOP_TASKRUN, 0U}) {
      io_uring_params parameters{};
      parameters.flags = flags | IORING_SETUP_CQSIZE;
      parameters.cq_entries = 4 * queue_entries;
      usable_ = io_uring_queue_init_params(queue_entries, &ring_, &parameters) == 0;
      if (usable_) {
        break;
      }
    }
    if (usable_ && !provide_buffers()) {
      io_uring_queue_exit(&ring_);
      usable_ = false;
    }
    if (usable_) {
      io_uring_register_ring_fd(&ring_);
      ::prctl(PR_SET_TIMERSLACK, 1);
    }
  }
  UringEngine(const UringEngine&) = delete;
  UringEngine& operator=(const UringEngine&) = delete;
  ~UringEngine() override {
    if (usable_) {
      io_uring_queue_exit(&ring_);
      ::munmap(buffer_ring_, ring_bytes());
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

  static constexpr std::size_t ring_bytes() { return buffer_count * sizeof(io_uring_buf); }

  // Without O_NONBLOCK the kernel itself waits for readiness and tries again.
  [[nodiscard]] int socket_flags() const override { return 0; }

  bool provide_buffers() {
    auto* memory =
        ::mmap(nullptr, ring_bytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
      return false;
    }
    buffer_ring_ = static_cast<io_uring_buf_ring*>(memory);
    io_uring_buf_reg registration{};
    registration.ring_addr = reinterpret_cast<std::uint64_t>(memory);
    registration.ring_entries = buffer_count;
    registration.bgid = buffer_group;
    if (io_uring_register_buf_ring(&ring_, &registration, 0) != 0) {
      ::munmap(memory, ring_bytes());
      return false;
    }
    io_uring_buf_ring_init(buffer_ring_);
    buffers_.resize(buffer_count * buffer_size);
    for (unsigned i = 0; i < buffer_count; ++i) {
      give_back(static_cast<int>(i));
    }
    return true;
  }

  char* buffer(int id) { return buffers_.data() + static_cast<std::size_t>(id) * buffer_size; }

  void give_back(int id) {
    if (id >= 0) {
      io_uring_buf_ring_add(buffer_ring_, buffer(id), buffer_size, static_cast<unsigned short>(id),
                            io_uring_buf_ring_mask(buffer_count), 0);
      io_uring_buf_ring_advance(buffer_ring_, 1);
    }
  }

  io_uring_sqe* entry() {
    if (io_uring_sq_space_left(&ring_) == 0) {
      io_uring_submit(&ring_);
    }
    return io_uring_get_sqe(&ring_);
  }

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
    auto* e = entry();
    io_uring_prep_connect(e, operation.socket->fd_, address, length);
    io_uring_sqe_set_data64(e, load::mark(operation, Part::connected));
    operation.parts = 1;
    operation.socket->sending_ = &operation;
    return true;
  }

  void ask_send(Operation& operation, bool tell) {
    auto* e = entry();
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
      handed_over_.push_back(&operation);
    }
    operation.sending = true;
  }

  void ask_receive(Operation& operation) {
    auto* e = entry();
    io_uring_prep_recv(e, operation.socket->fd_, nullptr, std::min(operation.limit, buffer_size),
                       0);
    io_uring_sqe_set_flags(e, IOSQE_BUFFER_SELECT);
    e->buf_group = buffer_group;
    io_uring_sqe_set_data64(e, load::mark(operation, Part::received));
    ++operation.parts;
  }

  void arm(Stream& stream) {
    if (!stream.armed) {
      auto* e = entry();
      io_uring_prep_recv_multishot(e, stream.socket->fd_, nullptr, 0, 0);
      io_uring_sqe_set_flags(e, IOSQE_BUFFER_SELECT);
      e->buf_group = buffer_group;
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
      // Given back when the next completion is handled: its reader has been suspended by then.
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
        io_uring_submit(&ring_);
      }
      return true;
    }
    // Bytes from before the request: whoever asked has them, and no sending may be left behind.
    hand_over();
    io_uring_submit(&ring_);
    return operation.parts > 0;
  }

  // The time at which the queue is the kernel's: that of every sending in it.
  Clock::time_point hand_over() {
    const auto now = Clock::now();
    for (auto* operation : handed_over_) {
      operation->sent = now;
    }
    handed_over_.clear();
    return now;
  }

  void ask_cancel(std::uint64_t data) {
    auto* e = entry();
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
    std::erase(handed_over_, operation);
    if (operation->parts == 0) {
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
      give_back(piece.buffer);
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
    io_uring_submit_and_wait_timeout(&ring_, &first, 1, &timeout, nullptr);
    now_ = Clock::now();
    unsigned head = 0;
    unsigned count = 0;
    io_uring_cqe* completion = nullptr;
    io_uring_for_each_cqe(&ring_, head, completion) {
      ++count;
      happened(*completion);
    }
    io_uring_cq_advance(&ring_, count);
    recycle();
  }

  void recycle() {
    for (const int id : spent_) {
      give_back(id);
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
    } else {
      operation.sent = now_;
      if (completion.res < 0) {
        operation.error = completion.res == -ECANCELED ? cut(socket) : -completion.res;
      }
      socket.sending_ = nullptr;
      // An exchange is still waiting for its answer.
      if (socket.receiving_ == &operation) {
        return;
      }
    }
    if (operation.parts == 0) {
      spent_.push_back(operation.buffer);
      resume(operation);
    }
  }

  [[nodiscard]] Received received(const Socket& socket, int result, int taken) {
    if (result >= 0) {
      return {.bytes = {taken >= 0 ? buffer(taken) : nullptr, static_cast<std::size_t>(result)}};
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
      give_back(taken);
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
    resume(*operation);
    give_back(taken);
  }

  io_uring ring_{};
  bool usable_ = false;
  io_uring_buf_ring* buffer_ring_ = nullptr;
  std::vector<char> buffers_;
  std::vector<Stream> streams_;
  // Exchanges whose request is in the queue and not yet the kernel's.
  std::vector<Operation*> handed_over_;
  // Buffers to be given back once the coroutines that look at them wait for something else.
  std::vector<int> spent_;
};

std::unique_ptr<Engine> make_uring_engine() {
  auto engine = std::make_unique<UringEngine>();
  return engine->usable() ? std::move(engine) : nullptr;
}

}  // namespace sevenstops::load
