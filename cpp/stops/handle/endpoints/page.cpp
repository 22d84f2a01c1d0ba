#include <boost/json.hpp>

#include "base/task_group.hpp"
#include "http/deadline.hpp"
#include "stops/handle/endpoint.hpp"

namespace sevenstops::stops {
namespace {

using Answer = http::Outcome<Result>;
using Deadline = std::optional<Clock::time_point>;

// How a page ends without a dependency that it needs.
http::Reason reason_of(unsigned status) {
  switch (status) {
    case upstream::gateway_timeout:
      return http::Reason::deadline;
    case upstream::unavailable:
      return http::Reason::dependency_stopped;
    default:
      return http::Reason::dependency_failed;
  }
}

Result answer(const std::vector<std::string>& missing) {
  if (missing.empty()) {
    return Text{R"({"page":"ok"})", "application/json"};
  }
  boost::json::array names(missing.begin(), missing.end());
  return Text{boost::json::serialize(boost::json::object{{"page", "partial"}, {"missing", names}}),
              "application/json"};
}

// Waits for a turn where there are only so many; nothing when none came in time.
asio::awaitable<std::optional<base::Semaphore::Permit>> turn(base::Semaphore& turns,
                                                             Clock::time_point limit) {
  if (auto permit = turns.try_acquire()) {
    co_return std::move(permit);
  }
  co_return co_await base::within(limit, turns.acquire());
}

// The work that faults give this service.
asio::awaitable<http::Outcome<void>> work(Resources& resources, Call call, Deadline deadline) {
  constexpr unsigned processing = 102;
  constexpr std::chrono::seconds patience{1};
  auto& metrics = resources.metrics;
  const base::Raised in_progress(metrics.work_in_progress);
  base::UnlessCompleted own(metrics.work_cancelled);
  const auto limit = deadline.value_or(Clock::time_point::max());
  std::optional<base::Semaphore::Permit> permit;
  if (resources.turns) {
    auto given = co_await turn(*resources.turns, limit);
    if (!given) {
      co_return http::Reason::deadline;
    }
    permit.emplace(std::move(*given));
  }
  if (call.request.find(http::tied_header) != nullptr &&
      !co_await call.caller.interim(processing, patience)) {
    co_return http::Reason::client_left;
  }
  const auto now = Clock::now();
  const auto end = now + resources.faults.work(now);
  co_await base::sleep_until(std::min(end, limit));
  if (limit < end) {
    co_return http::Reason::deadline;
  }
  own.completed();
  metrics.work_completed.add();
  // With `cancel` whoever had left is gone by now; one that closed its side waits.
  metrics.work_orphaned.add(!resources.settings.cancel && call.caller.closed() ? 1 : 0);
  co_return http::Outcome<void>();
}

asio::awaitable<Answer> page(Resources& resources, Call call) {
  const auto& settings = resources.settings;
  const auto only = query_text(call.request.query, "of").value_or("");
  if (!only.empty() && !resources.upstream.knows(only)) {
    co_return http::Reason::no_dependency;
  }
  const auto deadline = deadline_of(call.request, settings);
  if (!deadline) {
    co_return deadline.error();
  }
  if (*deadline && Clock::now() >= **deadline) {
    co_return http::Reason::deadline;
  }
  if (resources.faults.works()) {
    const auto worked =
        co_await unless_left(settings, call.caller, work(resources, call, *deadline));
    if (!worked) {
      co_return http::Reason::client_left;
    }
    if (!*worked) {
      co_return worked->error();
    }
  }
  if (resources.faults.fails()) {
    co_return http::Reason::fault;
  }
  if (!resources.upstream.has_dependencies()) {
    co_return answer({});
  }
  auto trace = http::trace_of(call.request);
  if (!trace) {
    trace = http::new_trace();
    call.trace_begun = trace->id;
  }
  const auto patience =
      base::seconds(settings.hop_timeout * static_cast<double>(settings.hops_below));
  // Named, since GCC before 13 destroys an aggregate within a co_await expression twice.
  upstream::Context context{.limit = deadline->value_or(Clock::now() + patience),
                            .deadline = *deadline,
                            .trace = std::move(*trace)};
  const auto answers = co_await unless_left(settings, call.caller,
                                            resources.upstream.fan_out(std::move(context), only));
  if (!answers) {
    co_return http::Reason::client_left;
  }
  if (answers->status != upstream::ok) {
    co_return reason_of(answers->status);
  }
  co_return answer(answers->missing);
}

asio::awaitable<Answer> timed_page(Resources& resources, Call call) {
  constexpr double leeway = 1.1;
  const auto late = Clock::now() + base::seconds(leeway * resources.settings.deadline);
  auto answered = co_await page(resources, call);
  resources.metrics.pages_late.add(Clock::now() > late ? 1 : 0);
  co_return answered;
}

const RegisterEndpoint registered{
    {"page",
     timed_page,
     {.summary = "A page that needs services beneath",
      .kind = AnswerKind::json,
      .parameters = {{"of", "query", "string",
                      "the one service that is asked; without it all are"}},
      .keeps_deadline = true}}};

}  // namespace
}  // namespace sevenstops::stops
