#pragma once

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <memory>
#include <type_traits>
#include <utility>

#include "base/asio.hpp"

namespace sevenstops::base {

/// Something that happens, and one coroutine that waits for it. What happens while nobody waits is
/// kept for the next who does. All of it belongs to one thread.
class Event {
 public:
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  /// It has happened: whoever waits goes on, in a later turn of its executor.
  void notify() {
    happened_ = true;
    if (waiter_) {
      complete({});
    }
  }

  /// Waits until it has happened. Ends with operation_aborted when the wait is cancelled.
  template <class Token>
  auto async_wait(Token&& token) {
    return asio::async_initiate<Token, void(boost::system::error_code)>(
        [this](auto handler) {
          auto slot = asio::get_associated_cancellation_slot(handler);
          waiter_ = std::make_unique<WaiterOf<decltype(handler)>>(std::move(handler));
          if (happened_) {
            complete({});
          } else if (slot.is_connected()) {
            slot.assign([this](asio::cancellation_type) {
              if (waiter_) {
                complete(asio::error::operation_aborted);
              }
            });
          }
        },
        token);
  }

 private:
  struct Waiter {
    virtual ~Waiter() = default;
    virtual void complete(boost::system::error_code error) = 0;
  };

  template <class Handler>
  struct WaiterOf final : Waiter {
    explicit WaiterOf(Handler h) : handler(std::move(h)) {}
    void complete(boost::system::error_code error) override {
      asio::get_associated_cancellation_slot(handler).clear();
      const auto executor = asio::get_associated_executor(handler);
      // Never at once: whoever notifies, or cancels, is in the middle of something.
      asio::post(executor, [h = std::move(handler), error]() mutable { std::move(h)(error); });
    }
    Handler handler;
  };

  void complete(boost::system::error_code error) {
    happened_ = happened_ && error;
    std::exchange(waiter_, nullptr)->complete(error);
  }

  std::unique_ptr<Waiter> waiter_;
  bool happened_ = false;
};

}  // namespace sevenstops::base
