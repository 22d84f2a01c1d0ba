#include <algorithm>

#include "stops/handle/endpoint.hpp"

namespace sevenstops::stops {
namespace {

using Answer = http::Outcome<Result>;

asio::awaitable<Answer> orders(Resources& resources, Call call) {
  constexpr std::int64_t default_limit = 20;
  const auto limit = query_number(call.request.query, "limit").value_or(default_limit);
  const auto cursor = query_number(call.request.query, "cursor").value_or(0);
  if (limit < 1 || cursor < 0) {
    co_return http::Reason::query;
  }
  const auto job = [&resources, limit, cursor](const std::stop_token&) {
    return resources.store->orders(cursor, std::min(limit, resources.page_limit));
  };
  if (!resources.settings.off_loop) {
    co_return Result(Page{job({})});
  }
  auto rows = co_await resources.workers->run(job, resources.worker_metrics);
  if (!rows) {
    co_return rows.error();
  }
  co_return Result(Page{std::move(*rows)});
}

const RegisterEndpoint registered{{"orders", orders}};

}  // namespace
}  // namespace sevenstops::stops
