#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "faults/slow_dependency.hpp"
#include "stops/connection.hpp"
#include "stops/handle/hop.hpp"
#include "stops/handle/result.hpp"
#include "stops/handle/settings.hpp"
#include "stops/handle/store.hpp"
#include "stops/handle/workers.hpp"
#include "stops/metrics.hpp"
#include "stops/route/router.hpp"

namespace sevenstops {

/// What handlers share: the data set, the workers, the services beneath.
struct Backend {
  std::shared_ptr<Store> store;
  std::shared_ptr<Workers> workers;
  std::vector<Dependency> dependencies;
  SlowDependency slow;
};

/// Handle: the handler waits for data and other services.
class Handle {
 public:
  Handle(const HandleSettings& settings, Backend backend, std::int64_t page_limit, Metrics& metrics)
      : settings_(settings),
        backend_(std::move(backend)),
        page_limit_(page_limit),
        metrics_(metrics) {}

  /// Runs the handler that `match` chose.
  [[nodiscard]] asio::awaitable<Outcome<Result>> run(Connection& connection, const Match& match);

 private:
  [[nodiscard]] asio::awaitable<Outcome<Result>> orders(const Request& request);
  [[nodiscard]] asio::awaitable<Outcome<Result>> page(Connection& connection);
  [[nodiscard]] asio::awaitable<bool> own_work(Connection& connection,
                                               std::optional<Clock::time_point> deadline);
  [[nodiscard]] asio::awaitable<bool> ask_all(Clock::time_point limit,
                                              std::optional<Clock::time_point> deadline,
                                              const Trace& trace);

  HandleSettings settings_;
  Backend backend_;
  std::int64_t page_limit_;
  Metrics& metrics_;
};

}  // namespace sevenstops
