#pragma once

#include "stops/handle/endpoint.hpp"
#include "stops/match.hpp"

namespace sevenstops::stops {

/// What all I/O threads of a service share beneath their handlers.
struct Backend {
  std::shared_ptr<store::Store> store;
  std::shared_ptr<store::Workers> workers;
  /// For reports; none: the same.
  std::shared_ptr<store::Workers> report_workers = nullptr;
  /// For what Serialize compresses; none: large answers leave as they are.
  std::shared_ptr<store::Workers> compressors = nullptr;
  std::vector<upstream::Dependency> dependencies;
};

/// Handle: the handler waits for data and other services.
class Handle {
 public:
  Handle(const HandleSettings& settings, const Backend& backend, std::int64_t page_limit,
         faults::Injection& faults, HandleMetrics& metrics, upstream::Metrics& upstream_metrics,
         store::WorkerMetrics& worker_metrics, std::string description = {});

  /// Runs the handler that `match` chose; `trace_begun` gets the id of a trace that it begins.
  [[nodiscard]] asio::awaitable<http::Outcome<Result>> run(const http::Request& request,
                                                           const Match& match, Caller& caller,
                                                           std::string& trace_begun);

  /// Closes the connections to services beneath that nobody uses; to be called before their context
  /// ends.
  void close() { resources_.upstream.close(); }

  /// Closes connections to services beneath that have been idle for too long.
  void sweep(Clock::time_point now) { resources_.upstream.sweep(now); }

 private:
  Resources resources_;
};

}  // namespace sevenstops::stops
