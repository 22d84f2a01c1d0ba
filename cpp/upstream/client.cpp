#include "upstream/client.hpp"

#include <algorithm>

#include "base/task_group.hpp"

namespace sevenstops::upstream {
namespace {

// How far the requests of one page are. It stands in the frame of `fan_out`, which waits for them.
class FanOut {
 public:
  explicit FanOut(Shared& shared) : shared_(shared) {}

  asio::awaitable<void> leaf(base::TaskGroup& group, Cluster& cluster, const Context& context) {
    const auto status = co_await request_leaf(shared_, cluster, context);
    if (status != ok) {
      failed(group, cluster, status);
    }
  }

  Answers answers;

 private:
  void failed(base::TaskGroup& group, const Cluster& cluster, unsigned status) {
    const auto& name = cluster.dependency.name;
    if (cluster.page_does_without) {
      if (std::ranges::find(answers.missing, name) == answers.missing.end()) {
        answers.missing.push_back(name);
      }
      return;
    }
    if (answers.status == ok) {
      answers.status = status == gateway_timeout || status == unavailable ? status : bad_gateway;
    }
    if (shared_.settings.cancel) {
      group.cancel();
    }
  }

  Shared& shared_;
};

}  // namespace

Client::Client(const Settings& settings, const std::vector<Dependency>& dependencies,
               Metrics& metrics)
    : Client(settings, dependencies, metrics, http1_) {}

Client::Client(const Settings& settings, const std::vector<Dependency>& dependencies,
               Metrics& metrics, Transport& transport)
    : pool_(settings.pool, metrics),
      http1_(pool_),
      shared_{settings, metrics, transport, std::mt19937_64(std::random_device{}())} {
  for (const auto& dependency : dependencies) {
    clusters_.emplace_back(dependency, settings, metrics);
  }
}

bool Client::knows(std::string_view name) const {
  return std::ranges::any_of(clusters_,
                             [&](const Cluster& c) { return c.dependency.name == name; });
}

asio::awaitable<Answers> Client::fan_out(Context context, std::string_view only) {
  base::UnlessCompleted page(shared_.metrics.pages_given_up);
  // What is optional gets a part of the time that is left.
  auto shorter = context;
  const auto now = Clock::now();
  shorter.limit =
      now + base::seconds(shared_.settings.optional.share * base::in_seconds(context.limit - now));
  FanOut page_requests(shared_);
  co_await base::with_task_group([&](base::TaskGroup& group) -> asio::awaitable<void> {
    for (auto& cluster : clusters_) {
      if (!only.empty() && cluster.dependency.name != only) {
        continue;
      }
      for (std::int64_t n = 0; n < cluster.dependency.leaves; ++n) {
        group.spawn(
            page_requests.leaf(group, cluster, cluster.page_does_without ? shorter : context));
      }
    }
    co_return;
  });
  page.completed();
  if (page_requests.answers.status == ok && !page_requests.answers.missing.empty()) {
    shared_.metrics.pages_partial.add();
  }
  co_return std::move(page_requests.answers);
}

}  // namespace sevenstops::upstream
