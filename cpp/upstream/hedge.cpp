#include <vector>

#include "base/task_group.hpp"
#include "upstream/request.hpp"

namespace sevenstops::upstream {
namespace {

// Some twice the way to a replica and back within a machine (Dean and Barroso, *The Tail at Scale*,
// 2013): replicas that are idle don't both begin.
constexpr std::chrono::milliseconds tied_delay{1};

// When and how often other replicas are sent a request beside the first.
struct Schedule {
  std::int64_t most = 0;
  Clock::duration after{};
};

Schedule schedule(const HedgeSettings& settings, Cluster& cluster) {
  if (cluster.dependency.replicas.size() < 2 || !cluster.dependency.idempotent) {
    return {};
  }
  if (settings.tied) {
    return {.most = 1, .after = tied_delay};
  }
  if (settings.most == 0) {
    return {};
  }
  if (settings.delay > 0) {
    return {.most = settings.most, .after = base::seconds(settings.delay)};
  }
  const auto after =
      cluster.latency.hedge_after(settings.quantile, static_cast<int>(settings.most));
  return after ? Schedule{.most = settings.most, .after = *after} : Schedule{};
}

// The attempts of one request. It stands in the frame of `request_hedged`, which waits for all of
// them.
class Race {
 public:
  Race(Shared& shared, Cluster& cluster, const Context& context)
      : shared_(shared),
        cluster_(cluster),
        context_(context),
        schedule_(schedule(shared.settings.hedge, cluster)),
        first_replica_(cluster.next_replica++) {}

  void start(base::TaskGroup& group) {
    cluster_.hedges.earn();
    launch(group);
    group.spawn(pace(group));
  }

  [[nodiscard]] unsigned status() const { return status_ == 0 ? gateway_timeout : status_; }

 private:
  void launch(base::TaskGroup& group) {
    shared_.metrics.requests.add();
    ++running_;
    children_.push_back(group.spawn(attempt(group, children_.size())));
  }

  // Asks others where the first is slow, and ends all of it at the limit.
  asio::awaitable<void> pace(base::TaskGroup& group) {
    for (std::int64_t n = 1; n <= schedule_.most; ++n) {
      const auto next = began_ + n * schedule_.after;
      if (next >= context_.limit) {
        break;
      }
      if (!co_await base::slept_until(next)) {
        co_return;
      }
      if (begun_) {
        break;
      }
      // Of tied requests one is called off before it costs anything but its way.
      if (shared_.settings.hedge.tied || cluster_.hedges.spend()) {
        shared_.metrics.hedges.add();
        launch(group);
      } else {
        shared_.metrics.hedges_denied.add();
      }
    }
    if (co_await base::slept_until(context_.limit)) {
      group.cancel();
    }
  }

  asio::awaitable<void> attempt(base::TaskGroup& group, std::size_t index) {
    // What was called off counts too: it would have taken longer.
    struct Recorded {
      ~Recorded() {
        const auto taken = Clock::now() - began;
        latency.record(taken, answered);
        metrics.taken.record(taken);
      }
      LatencyEstimate& latency;
      Metrics& metrics;
      Clock::time_point began = Clock::now();
      bool answered = false;
    } recorded{cluster_.latency, shared_.metrics};
    struct Running {
      ~Running() { --count; }
      std::size_t& count;
    } const running{running_};
    const Attempt own{.port = cluster_.replica(first_replica_ + index),
                      .idempotent = cluster_.dependency.idempotent,
                      .tied = shared_.settings.hedge.tied,
                      .begun = [this, &group, index] { begins(group, index); }};
    const auto status = co_await shared_.transport.exchange(own, context_);
    recorded.answered = status == ok;
    if (status_ != ok) {
      status_ = status;
      if (status == ok && index > 0) {
        shared_.metrics.hedges_won.add();
      }
    }
    if (status == ok || running_ == 1) {
      group.cancel();
    }
  }

  // The work of one has begun: the others are called off.
  void begins(base::TaskGroup& group, std::size_t index) {
    if (begun_ || !shared_.settings.hedge.tied) {
      return;
    }
    begun_ = true;
    for (std::size_t other = 0; other < children_.size(); ++other) {
      if (other != index) {
        group.cancel(children_[other]);
      }
    }
  }

  Shared& shared_;
  Cluster& cluster_;
  const Context& context_;
  Schedule schedule_;
  std::size_t first_replica_;
  Clock::time_point began_ = Clock::now();
  std::vector<base::TaskGroup::Child> children_;
  std::size_t running_ = 0;
  unsigned status_ = 0;
  bool begun_ = false;
};

}  // namespace

asio::awaitable<unsigned> request_hedged(Shared& shared, Cluster& cluster, Context context) {
  Race race(shared, cluster, context);
  const auto run = [&race](base::TaskGroup& group) -> asio::awaitable<void> {
    race.start(group);
    co_return;
  };
  try {
    co_await base::with_task_group(run);
  } catch (const std::exception& error) {
    // What has been answered by the time the caller is cancelled still says something.
    if (!base::is_cancellation(error) || race.status() != ok) {
      throw;
    }
  }
  co_return race.status();
}

}  // namespace sevenstops::upstream
