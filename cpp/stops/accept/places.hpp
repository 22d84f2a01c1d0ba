#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <utility>

namespace sevenstops::stops {

/// The connections that a process may hold, over all its I/O threads.
class Places {
 public:
  /// Gives itself back when it is destroyed; the places have to outlive it.
  class Place {
   public:
    explicit Place(Places& from) : from_(&from) {}
    Place(Place&& other) noexcept : from_(std::exchange(other.from_, nullptr)) {}
    Place& operator=(Place&& other) noexcept {
      std::swap(from_, other.from_);
      return *this;
    }
    ~Place() {
      if (from_ != nullptr) {
        from_->taken_.fetch_sub(1, std::memory_order_relaxed);
      }
    }

   private:
    Places* from_;
  };

  explicit Places(std::int64_t most) : most_(most) {}

  /// A place; none when all are taken.
  [[nodiscard]] std::optional<Place> try_take() {
    if (taken_.fetch_add(1, std::memory_order_relaxed) < most_) {
      return std::optional<Place>(std::in_place, *this);
    }
    taken_.fetch_sub(1, std::memory_order_relaxed);
    return std::nullopt;
  }

  [[nodiscard]] std::int64_t most() const { return most_; }

 private:
  std::int64_t most_;
  std::atomic<std::int64_t> taken_ = 0;
};

/// How many connections a process can hold that wants to hold so many: its descriptors
/// (RLIMIT_NOFILE) less a reserve for listeners, the admin listener's clients, upstreams, files and
/// connections that are being turned away.
[[nodiscard]] std::int64_t connections_possible(std::int64_t wanted);

}  // namespace sevenstops::stops
