#include "stops/handle/endpoint.hpp"

namespace sevenstops::stops {
namespace {

using Answer = http::Outcome<Result>;

asio::awaitable<Answer> report(Resources& resources, Call call) {
  const auto deadline = deadline_of(call.request, resources.settings);
  if (!deadline) {
    co_return deadline.error();
  }
  const auto job = [&resources, until = deadline->value_or(Clock::time_point::max())](
                       const std::stop_token& given_up) {
    return resources.store->turnover({.deadline = until, .given_up = given_up});
  };
  resources.metrics.queries.add();
  base::UnlessCompleted query(resources.metrics.queries_cancelled);
  std::optional<std::string> found;
  if (resources.settings.off_loop) {
    auto turnover =
        co_await unless_left(resources.settings, call.caller,
                             resources.report_workers->run(job, resources.worker_metrics));
    if (!turnover) {
      co_return http::Reason::client_left;
    }
    if (!*turnover) {
      query.completed();
      co_return turnover->error();
    }
    found = std::move(**turnover);
  } else {
    found = job({});
  }
  if (!found) {
    co_return http::Reason::deadline;
  }
  query.completed();
  co_return Result(Text{std::move(*found), "application/json"});
}

const RegisterEndpoint registered{{"report",
                                   report,
                                   {.summary = "Turnover by currency and status, by a slow query",
                                    .kind = AnswerKind::json,
                                    .keeps_deadline = true}}};

}  // namespace
}  // namespace sevenstops::stops
