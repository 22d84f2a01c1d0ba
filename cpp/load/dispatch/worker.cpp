#include "load/dispatch/worker.hpp"

namespace sevenstops::load {

void Worker::run(const std::atomic<bool>& cancelled) {
  population_.start();
  while (!cancelled.load(std::memory_order_relaxed) && !population_.failed() &&
         !dispatcher_.finished()) {
    engine_.run_once(dispatcher_.next_wake());
    dispatcher_.dispatch();
  }
  // Whatever somebody waits for ends now, and so everybody comes to an end.
  engine_.stop();
  dispatcher_.stop();
  while (!population_.empty()) {
    constexpr std::chrono::milliseconds a_while{50};
    engine_.run_once(engine_.now() + a_while);
  }
  dispatcher_.fail_waiting();
  population_.rethrow();
}

}  // namespace sevenstops::load
