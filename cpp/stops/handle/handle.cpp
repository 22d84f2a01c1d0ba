#include "stops/handle/handle.hpp"

namespace sevenstops::stops {
Handle::Handle(const HandleSettings& settings, const Backend& backend, std::int64_t page_limit,
               faults::Injection& faults, HandleMetrics& metrics,
               upstream::Metrics& upstream_metrics, store::WorkerMetrics& worker_metrics,
               std::string description)
    : resources_{
          .settings = settings,
          .page_limit = page_limit,
          .store = backend.store,
          .workers = backend.workers,
          .report_workers = backend.report_workers ? backend.report_workers : backend.workers,
          .upstream = {settings.upstream(), backend.dependencies, upstream_metrics},
          .faults = faults,
          .metrics = metrics,
          .worker_metrics = worker_metrics,
          .description = std::move(description),
          .turns = {}} {
  if (faults.workers() > 0) {
    resources_.turns.emplace(faults.workers());
  }
}

asio::awaitable<http::Outcome<Result>> Handle::run(const http::Request& request, const Match& match,
                                                   Caller& caller, std::string& trace_begun) {
  const Call call{.request = request,
                  .parameter = match.parameter,
                  .caller = caller,
                  .trace_begun = trace_begun};
  return match.route->endpoint->run(resources_, call);
}

}  // namespace sevenstops::stops
