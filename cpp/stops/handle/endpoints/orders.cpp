#include <algorithm>

#include "stops/handle/cursor.hpp"
#include "stops/handle/endpoint.hpp"

namespace sevenstops::stops {
namespace {

using Answer = http::Outcome<Result>;

// A page of at most `most` of `rows`, which are read one further to know whether there are more.
Page page_of(std::vector<store::Order> rows, std::int64_t limit, std::int64_t most) {
  Page page{std::move(rows)};
  if (std::ssize(page.orders) > most) {
    page.orders.pop_back();
    // The limit as it was asked for: what it is cut to is the service's own affair.
    page.next =
        "/orders?limit=" + std::to_string(limit) + "&cursor=" + write_cursor(page.orders.back().id);
  }
  return page;
}

asio::awaitable<Answer> orders(Resources& resources, Call call) {
  constexpr std::int64_t default_limit = 20;
  const auto limit = query_number(call.request.query, "limit").value_or(default_limit);
  const auto text = query_text(call.request.query, "cursor");
  const auto cursor = text ? read_cursor(*text) : std::optional<std::int64_t>(0);
  if (limit < 1 || !cursor) {
    co_return http::Reason::query;
  }
  const auto most = std::min(limit, resources.page_limit);
  const auto job = [&resources, most, after = *cursor](const std::stop_token&) {
    return resources.store->orders(after, most + 1);
  };
  if (!resources.settings.off_loop) {
    co_return Result(page_of(job({}), limit, most));
  }
  auto rows = co_await resources.workers->run(job, resources.worker_metrics);
  if (!rows) {
    co_return rows.error();
  }
  co_return Result(page_of(std::move(*rows), limit, most));
}

const RegisterEndpoint registered{
    {"orders",
     orders,
     {.summary = "Orders by number, a page at a time",
      .kind = AnswerKind::orders,
      .parameters =
          {{"limit", "query", "integer", "how many at most; the service has a bound of its own", 1},
           {"cursor", "query", "string", "where a page begins, as `next` of the one before says"}},
      .lasting = true}}};

}  // namespace
}  // namespace sevenstops::stops
