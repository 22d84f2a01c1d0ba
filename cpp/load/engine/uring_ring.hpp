#pragma once

#include <liburing.h>
#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sevenstops::load {

/// A ring of the kernel's, for the thread that makes it; closed with the object.
class Ring {
 public:
  /// Without effect where this kernel, or what this process may do, lacks it: see `usable`.
  Ring() {
    // Completions are handled when we wait for them, not whenever the kernel has one (6.1); older
    // kernels know less of this.
    for (const unsigned flags :
         {IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN, IORING_SETUP_COOP_TASKRUN, 0U}) {
      io_uring_params parameters{};
      parameters.flags = flags | IORING_SETUP_CQSIZE;
      parameters.cq_entries = 4 * entries;
      usable_ = io_uring_queue_init_params(entries, &ring_, &parameters) == 0;
      if (usable_) {
        io_uring_register_ring_fd(&ring_);
        return;
      }
    }
  }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;
  ~Ring() {
    if (usable_) {
      io_uring_queue_exit(&ring_);
    }
  }

  [[nodiscard]] bool usable() const { return usable_; }
  [[nodiscard]] io_uring* get() { return &ring_; }
  /// The next place in the queue of requests; hands the queue over when it is full.
  [[nodiscard]] io_uring_sqe* entry() {
    if (io_uring_sq_space_left(&ring_) == 0) {
      io_uring_submit(&ring_);
    }
    return io_uring_get_sqe(&ring_);
  }

 private:
  static constexpr unsigned entries = 4096;

  io_uring ring_{};
  bool usable_ = false;
};

/// Buffers that arriving bytes take from a common store: a waiting connection holds none.
class ProvidedBuffers {
 public:
  static constexpr std::size_t size = 32768;
  static constexpr int group = 0;

  ProvidedBuffers() = default;
  ProvidedBuffers(const ProvidedBuffers&) = delete;
  ProvidedBuffers& operator=(const ProvidedBuffers&) = delete;
  /// After the ring that it was registered with.
  ~ProvidedBuffers() {
    if (places_ != nullptr) {
      ::munmap(places_, place_bytes);
    }
  }

  /// Once. False where the kernel does not know of this.
  [[nodiscard]] bool register_with(Ring& ring) {
    auto* memory =
        ::mmap(nullptr, place_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
      return false;
    }
    places_ = static_cast<io_uring_buf_ring*>(memory);
    io_uring_buf_reg registration{};
    registration.ring_addr = reinterpret_cast<std::uint64_t>(memory);
    registration.ring_entries = count;
    registration.bgid = group;
    if (io_uring_register_buf_ring(ring.get(), &registration, 0) != 0) {
      return false;
    }
    io_uring_buf_ring_init(places_);
    bytes_.resize(count * size);
    for (unsigned i = 0; i < count; ++i) {
      release(static_cast<int>(i));
    }
    return true;
  }

  [[nodiscard]] char* at(int id) { return bytes_.data() + static_cast<std::size_t>(id) * size; }
  /// Hands a buffer back to the kernel; without effect for -1.
  void release(int id) {
    if (id >= 0) {
      io_uring_buf_ring_add(places_, at(id), size, static_cast<unsigned short>(id),
                            io_uring_buf_ring_mask(count), 0);
      io_uring_buf_ring_advance(places_, 1);
    }
  }

 private:
  static constexpr unsigned count = 256;
  static constexpr std::size_t place_bytes = count * sizeof(io_uring_buf);

  io_uring_buf_ring* places_ = nullptr;
  std::vector<char> bytes_;
};

}  // namespace sevenstops::load
