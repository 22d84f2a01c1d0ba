#include "load/dispatch/population.hpp"

#include <algorithm>

#include "load/dispatch/worker.hpp"
#include "load/plan/client_kind.hpp"

namespace sevenstops::load {
namespace {

// The first threads have what does not divide.
std::size_t share(std::int64_t count, std::int64_t threads, std::int64_t index) {
  return static_cast<std::size_t>(count / threads + (index < count % threads ? 1 : 0));
}

}  // namespace

Population::State::State(const Crowd& crowd, const ClientKind& its_kind, std::int64_t threads,
                         std::int64_t index)
    : spec(crowd),
      kind(its_kind),
      count(share(crowd.count, threads, index)),
      most_of_the_mix(share(crowd.at_most, threads, index)),
      lasting(its_kind.lasting || crowd.repeat) {}

Population::Population(Worker& worker, const Plan& plan, std::int64_t index, User user)
    : worker_(worker),
      user_(std::move(user)),
      user_count_(share(plan.connections, plan.threads, index)) {
  for (const auto& spec : plan.crowds) {
    crowds_.emplace_back(spec, *client_kind(spec.kind), plan.threads, index);
  }
}

void Population::start() {
  for (std::size_t i = 0; i < user_count_; ++i) {
    users_.spawn(user_(worker_));
  }
  for (std::size_t place = 0; place < crowds_.size(); ++place) {
    auto& crowd = crowds_[place];
    for (std::size_t i = 0; i < crowd.count; ++i) {
      ++worker_.recorder().crowd(place).due;
      crowd.clients.spawn(crowd.spec.repeat ? again_and_again(place) : once(place));
    }
  }
}

bool Population::start_of_the_mix(std::size_t crowd) {
  ++worker_.recorder().crowd(crowd).due;
  auto& group = crowds_[crowd].of_the_mix;
  if (group.size() >= crowds_[crowd].most_of_the_mix) {
    return false;
  }
  group.spawn(once(crowd));
  return true;
}

Task<> Population::once(std::size_t crowd) {
  auto& record = worker_.recorder().crowd(crowd);
  ++record.started;
  co_await crowds_[crowd].kind.run(worker_, crowds_[crowd].spec, record);
}

Task<> Population::again_and_again(std::size_t crowd) {
  // One that is turned away at once must not make this a loop without a pause.
  constexpr std::chrono::milliseconds at_least{10};
  while (true) {
    const auto began = worker_.now();
    co_await once(crowd);
    if (!worker_.over()) {
      co_await worker_.engine().sleep_until(began + at_least);
    }
    if (worker_.over()) {
      co_return;
    }
    ++worker_.recorder().crowd(crowd).due;
  }
}

bool Population::settled() const {
  return std::ranges::all_of(crowds_, [](const State& crowd) {
    return crowd.lasting || (crowd.clients.empty() && crowd.of_the_mix.empty());
  });
}

bool Population::empty() const {
  return users_.empty() && std::ranges::all_of(crowds_, [](const State& crowd) {
           return crowd.clients.empty() && crowd.of_the_mix.empty();
         });
}

bool Population::failed() const {
  return users_.failed() || std::ranges::any_of(crowds_, [](const State& crowd) {
           return crowd.clients.failed() || crowd.of_the_mix.failed();
         });
}

void Population::rethrow() {
  users_.rethrow();
  for (auto& crowd : crowds_) {
    crowd.clients.rethrow();
    crowd.of_the_mix.rethrow();
  }
}

}  // namespace sevenstops::load
