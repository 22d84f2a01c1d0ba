#pragma once

#include <atomic>
#include <random>

#include "load/dispatch/dispatcher.hpp"
#include "load/dispatch/population.hpp"
#include "load/dispatch/recorder.hpp"
#include "load/dispatch/request_bytes.hpp"
#include "load/engine/engine.hpp"
#include "load/engine/peer.hpp"

namespace sevenstops::load {

/// One thread's part of a load: its arrivals, its clients and what they record, on an engine whose
/// clock is the time.
class Worker {
 public:
  /// What all threads of a load share.
  struct Shared {
    const Plan& plan;
    const Peer& peer;
    const Schedule& schedule;
  };

  /// The thread `index` of the plan's threads. Everything given by reference outlives the worker.
  Worker(const Shared& load, std::int64_t index, Engine& engine, Recorder& recorder, User user)
      : load_(load),
        engine_(engine),
        recorder_(recorder),
        bytes_(load.plan, load.peer.host),
        random_(load.plan.seed + static_cast<std::uint64_t>(index)),
        dispatcher_(load.plan, load.schedule, index, engine, recorder, population_),
        population_(*this, load.plan, index, std::move(user)) {}

  /// Sends its part of the load; ends early when `cancelled` becomes true. Throws what a client
  /// ended with.
  void run(const std::atomic<bool>& cancelled);

  [[nodiscard]] const Plan& plan() const { return load_.plan; }
  [[nodiscard]] const Peer& peer() const { return load_.peer; }
  [[nodiscard]] Engine& engine() { return engine_; }
  [[nodiscard]] Dispatcher& dispatcher() { return dispatcher_; }
  [[nodiscard]] Recorder& recorder() { return recorder_; }
  [[nodiscard]] const RequestBytes& bytes() const { return bytes_; }

  /// A look at the engine's clock.
  [[nodiscard]] Clock::time_point now() const { return engine_.clock().now(); }
  [[nodiscard]] Clock::time_point end() const { return load_.schedule.end; }
  /// Whether misbehaving clients have to come to their end.
  [[nodiscard]] bool over() const { return engine_.stopping() || engine_.now() >= end(); }
  /// A number from 0 to 1, for clients that are not to march in step.
  [[nodiscard]] double chance() { return std::uniform_real_distribution<double>()(random_); }

 private:
  Shared load_;
  Engine& engine_;
  Recorder& recorder_;
  RequestBytes bytes_;
  std::mt19937_64 random_;
  Dispatcher dispatcher_;
  // Last, so that clients go first: some stand in the dispatcher's queue.
  Population population_;
};

}  // namespace sevenstops::load
