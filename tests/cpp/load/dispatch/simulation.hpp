#pragma once

#include <atomic>
#include <map>
#include <vector>

#include "load/dispatch/worker.hpp"
#include "load/engine/engine.hpp"

namespace sevenstops::load {

/// Requests at an even rate, over so many connections.
inline Plan constant(double rate, double duration, std::int64_t connections) {
  Plan plan;
  plan.arrivals = {{.duration = duration, .rate = rate}};
  plan.connections = connections;
  return plan;
}

/// A clock that goes where it is told to.
class SimulatedTime final : public TimeSource {
 public:
  [[nodiscard]] Clock::time_point now() const override { return now_; }
  void advance_to(Clock::time_point when) { now_ = std::max(now_, when); }

 private:
  Clock::time_point now_{std::chrono::hours(1)};
};

/// An engine in whose world connecting and sending take no time and no answer ever comes. Waiting
/// makes the time pass at once.
class SimulatedEngine final : public Engine {
 public:
  explicit SimulatedEngine(SimulatedTime& time) : Engine(time), time_(time) {}

  [[nodiscard]] std::string_view name() const override { return "simulated"; }

 private:
  [[nodiscard]] bool start_connect(Operation&, const sockaddr*, socklen_t) override {
    return false;
  }
  [[nodiscard]] bool start_send(Operation&) override { return false; }
  [[nodiscard]] bool start_receive(Operation& operation) override {
    receiving_[operation.socket] = &operation;
    return true;
  }
  [[nodiscard]] bool start_exchange(Operation& operation) override {
    operation.sent = time_.now();
    operation.taken = operation.out.size();
    return start_receive(operation);
  }
  void cancel(Socket& socket) override {
    if (const auto found = receiving_.extract(&socket)) {
      found.mapped()->received.error = cut(socket);
      resume(*found.mapped());
    }
  }
  [[nodiscard]] bool closed_by_peer(const Socket&) const override { return false; }
  void closing(Socket& socket) override { receiving_.erase(&socket); }
  void wait(Clock::time_point until) override {
    time_.advance_to(until);
    now_ = time_.now();
  }
  [[nodiscard]] int socket_flags() const override { return 0; }

  SimulatedTime& time_;
  std::map<Socket*, Operation*> receiving_;
};

/// One thread's part of a plan, run against simulated time.
class Simulation {
 public:
  /// A job as a user had it, in seconds since the start.
  struct Served {
    double intended = 0;
    double begun = 0;
    std::size_t request = 0;
  };

  explicit Simulation(Plan plan, std::int64_t index = 0) : plan_(std::move(plan)), index_(index) {
    plan_.check();
    peer_.address.ss_family = AF_INET;
    peer_.host = "sevenstops.test";
  }

  /// Runs the plan with users whose every request takes `seconds`.
  void run(double seconds) {
    run([this, seconds](Worker& worker) { return serve(worker, seconds); });
  }
  void run(User user) {
    Worker worker({plan_, peer_, schedule_}, index_, engine_, recorder_, std::move(user));
    worker.run(cancelled);
  }

  [[nodiscard]] double since_start() const { return schedule_.since_start(time_.now()); }
  [[nodiscard]] double since_start(Clock::time_point when) const {
    return schedule_.since_start(when);
  }
  [[nodiscard]] LoadResult result() const {
    LoadResult result;
    recorder_.add_to(result, plan_);
    for (const auto& [name, record] : result.by_name) {
      result.all.merge(record);
    }
    return result;
  }

  std::vector<Served> served;
  std::atomic<bool> cancelled{false};

 private:
  Task<> serve(Worker& worker, double seconds) {
    while (auto job = co_await worker.dispatcher().next_job()) {
      const auto begun = worker.now();
      served.push_back({since_start(job->intended), since_start(begun), job->request});
      worker.recorder().sent(*job, begun);
      co_await worker.engine().sleep_until(begun + base::seconds(seconds));
      if (worker.engine().stopping()) {
        worker.recorder().failed(*job, Ending::lost, worker.now());
      } else {
        worker.recorder().answered(*job, begun, worker.now(), 200, true);
      }
    }
  }

  Plan plan_;
  std::int64_t index_;
  Peer peer_;
  SimulatedTime time_;
  SimulatedEngine engine_{time_};
  Schedule schedule_{plan_, time_.now()};
  Recorder recorder_{plan_, schedule_};
};

}  // namespace sevenstops::load
