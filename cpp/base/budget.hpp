#pragma once

#include <atomic>
#include <cstdint>

namespace sevenstops::base {

/// Bytes that a process may hold, over all its threads. Whoever holds some says so by a charge.
class Budget {
 public:
  explicit Budget(std::int64_t most) : most_(most) {}

  [[nodiscard]] std::int64_t most() const { return most_; }
  [[nodiscard]] std::int64_t held() const { return held_.load(std::memory_order_relaxed); }
  /// What is left; negative when more is held than may be.
  [[nodiscard]] std::int64_t left() const { return most_ - held(); }

  /// Says that somebody had to go without so many bytes, for others who could make room.
  void turn_away(std::int64_t bytes) {
    missed_.store(bytes, std::memory_order_relaxed);
    turned_away_.fetch_add(1, std::memory_order_release);
  }
  /// How often that was said.
  [[nodiscard]] std::uint64_t turned_away() const {
    return turned_away_.load(std::memory_order_acquire);
  }
  /// How many bytes the last one asked for.
  [[nodiscard]] std::int64_t missed() const { return missed_.load(std::memory_order_relaxed); }

 private:
  friend class Charge;

  std::int64_t most_;
  std::atomic<std::int64_t> held_ = 0;
  std::atomic<std::int64_t> missed_ = 0;
  std::atomic<std::uint64_t> turned_away_ = 0;
};

/// Part of a budget that somebody holds, given back when it is destroyed.
class Charge {
 public:
  explicit Charge(Budget& budget) : budget_(budget) {}
  Charge(const Charge&) = delete;
  Charge& operator=(const Charge&) = delete;
  ~Charge() { set(0); }

  [[nodiscard]] std::int64_t amount() const { return amount_; }
  /// Says how much is held from now on.
  void set(std::int64_t amount) {
    if (amount != amount_) {
      budget_.held_.fetch_add(amount - amount_, std::memory_order_relaxed);
      amount_ = amount;
    }
  }

 private:
  Budget& budget_;
  std::int64_t amount_ = 0;
};

}  // namespace sevenstops::base
