#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <utility>

#include "base/event.hpp"

namespace sevenstops::base {

/// So many permits, and waiters for them in the order in which they came. All of it belongs to one
/// thread.
class Semaphore {
 public:
  /// Gives itself back when it is destroyed; the semaphore has to outlive it.
  class Permit {
   public:
    explicit Permit(Semaphore& from) : from_(&from) {}
    Permit(Permit&& other) noexcept : from_(std::exchange(other.from_, nullptr)) {}
    Permit& operator=(Permit&&) = delete;
    ~Permit() {
      if (from_ != nullptr) {
        from_->release();
      }
    }

   private:
    Semaphore* from_;
  };

  explicit Semaphore(std::int64_t permits) : free_(permits) {}

  [[nodiscard]] std::optional<Permit> try_acquire() {
    if (free_ == 0) {
      return std::nullopt;
    }
    --free_;
    return Permit(*this);
  }

  /// Waits for a permit; throws operation_aborted when the wait is cancelled.
  [[nodiscard]] asio::awaitable<Permit> acquire() {
    if (auto permit = try_acquire()) {
      co_return std::move(*permit);
    }
    Waiter waiter(waiters_);
    co_await waiter.turn.async_wait(asio::use_awaitable);
    co_return std::move(*waiter.permit);
  }

  [[nodiscard]] std::size_t waiting() const { return waiters_.size(); }

 private:
  struct Waiter {
    explicit Waiter(std::list<Waiter*>& line) : among(line), place(line.insert(line.end(), this)) {}
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter() {
      if (!permit) {
        among.erase(place);
      }
    }

    Event turn;
    std::list<Waiter*>& among;
    std::list<Waiter*>::iterator place;
    std::optional<Permit> permit;
  };

  void release() {
    if (waiters_.empty()) {
      ++free_;
      return;
    }
    // The permit passes on as it is.
    auto* next = waiters_.front();
    waiters_.pop_front();
    next->permit.emplace(*this);
    next->turn.notify();
  }

  std::int64_t free_;
  std::list<Waiter*> waiters_;
};

}  // namespace sevenstops::base
