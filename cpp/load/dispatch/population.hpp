#pragma once

#include <deque>
#include <functional>

#include "load/plan/plan.hpp"
#include "load/tasks/task_group.hpp"

namespace sevenstops::load {

class Recorder;
class Worker;
struct ClientKind;

/// An honest user: asks for jobs and serves them until there are none any more.
using User = std::function<Task<>(Worker&)>;

/// One thread's clients: its honest users, and its part of each crowd.
class Population {
 public:
  Population(Worker& worker, const Plan& plan, std::int64_t index, User user);

  /// Starts everybody whom the plan has from the beginning.
  void start();
  /// Starts a client that a request of the mix asks for; false when the crowd has as many under way
  /// as it may have.
  [[nodiscard]] bool start_of_the_mix(std::size_t crowd);

  /// Whether all clients have ended that end by themselves.
  [[nodiscard]] bool settled() const;
  [[nodiscard]] bool empty() const;
  /// Whether somebody has ended with an exception; `rethrow` throws the first.
  [[nodiscard]] bool failed() const;
  void rethrow();

 private:
  struct State {
    // The part of the thread `index`.
    State(const Crowd& crowd, const ClientKind& its_kind, std::int64_t threads, std::int64_t index);

    const Crowd& spec;
    const ClientKind& kind;
    std::size_t count;
    std::size_t most_of_the_mix;
    // Goes on for as long as the load does, so nobody waits for it.
    bool lasting;
    TaskGroup clients;
    TaskGroup of_the_mix;
  };

  [[nodiscard]] Task<> once(std::size_t crowd);
  [[nodiscard]] Task<> again_and_again(std::size_t crowd);

  Worker& worker_;
  User user_;
  std::size_t user_count_;
  std::deque<State> crowds_;
  TaskGroup users_;
};

}  // namespace sevenstops::load
