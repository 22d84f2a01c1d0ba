#include <algorithm>
#include <cmath>

#include "base/task_group.hpp"
#include "upstream/request.hpp"

namespace sevenstops::upstream {
namespace {

constexpr unsigned bad_request = 400;
constexpr unsigned server_error = 500;

// Where they are to differ, so that those who failed together don't come again together: "full
// jitter" (Brooker, *Exponential Backoff and Jitter*, 2015).
Clock::duration pause_before(std::int64_t repeat, Shared& shared) {
  const auto& settings = shared.settings.retry;
  if (!settings.jitter) {
    return base::seconds(settings.pause);
  }
  constexpr std::int64_t most_doublings = 10;
  const auto most = std::ldexp(settings.pause, static_cast<int>(std::min(repeat, most_doublings)));
  return base::seconds(std::uniform_real_distribution<double>(0, most)(shared.random));
}

// Who brings next to no time to wait must not be able to open a breaker for everybody.
Breaker::Result result_of(const Settings& settings, const Cluster& cluster, unsigned status,
                          Clock::duration given) {
  constexpr double fair = 0.5;
  if (status == ok) {
    return Breaker::Result::succeeded;
  }
  double usual =
      settings.usual_deadline * (cluster.page_does_without ? settings.optional.share : 1);
  if (settings.retry.attempt_timeout > 0) {
    usual = std::min(usual, settings.retry.attempt_timeout);
  }
  const bool impatient = status == gateway_timeout && given < base::seconds(fair * usual);
  if (impatient || (status >= bad_request && status < server_error)) {
    return Breaker::Result::unknown;
  }
  return Breaker::Result::failed;
}

}  // namespace

asio::awaitable<unsigned> request_leaf(Shared& shared, Cluster& cluster, const Context& context) {
  const auto& settings = shared.settings;
  cluster.retries.earn();
  for (std::int64_t repeat = 0;; ++repeat) {
    const auto began = Clock::now();
    auto permit = cluster.breaker.acquire(began);
    if (!permit) {
      shared.metrics.stopped.add();
      co_return unavailable;
    }
    auto once = context;
    if (settings.retry.attempt_timeout > 0) {
      once.limit = std::min(once.limit, began + base::seconds(settings.retry.attempt_timeout));
    }
    const auto status = co_await request_hedged(shared, cluster, once);
    permit->record(result_of(settings, cluster, status, once.limit - began), Clock::now());
    if (status == ok || repeat >= settings.retry.most || !cluster.dependency.idempotent) {
      co_return status;
    }
    const auto pause = pause_before(repeat, shared);
    if (Clock::now() + pause >= context.limit) {
      co_return status;
    }
    if (!cluster.retries.spend()) {
      shared.metrics.retries_denied.add();
      co_return status;
    }
    co_await base::sleep_until(Clock::now() + pause);
    shared.metrics.retries.add();
  }
}

}  // namespace sevenstops::upstream
