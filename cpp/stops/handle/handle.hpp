#pragma once

#include <list>
#include <memory>
#include <optional>
#include <random>
#include <vector>

#include "faults/dependency_model.hpp"
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
  DependencyModel model;
};

/// Handle: the handler waits for data and other services.
class Handle {
 public:
  Handle(const HandleSettings& settings, Backend backend, std::int64_t page_limit, Metrics& metrics)
      : settings_(settings),
        backend_(std::move(backend)),
        page_limit_(page_limit),
        metrics_(metrics),
        hop_(settings, backend_.dependencies, metrics),
        random_(backend_.model.seed) {}

  /// Closes the connections to services beneath that nobody uses; to be called before their context
  /// ends.
  void close() { hop_.close(); }

  /// Closes connections to services beneath that have been idle for too long.
  void sweep(Clock::time_point now) { hop_.sweep(now); }

  /// Runs the handler that `match` chose.
  [[nodiscard]] asio::awaitable<Outcome<Result>> run(Connection& connection, const Match& match);

 private:
  [[nodiscard]] asio::awaitable<Outcome<Result>> orders(const Request& request);
  [[nodiscard]] asio::awaitable<Outcome<Result>> page(Connection& connection);
  [[nodiscard]] asio::awaitable<Outcome<Result>> report(Connection& connection);
  [[nodiscard]] asio::awaitable<Outcome<void>> own_work(Connection& connection,
                                                        std::optional<Clock::time_point> deadline);
  // When the request's budget is spent; nothing where deadlines are not passed on.
  [[nodiscard]] Outcome<std::optional<Clock::time_point>> deadline_of(const Request& request) const;

  // A request's turn at the fault's limited workers.
  struct Turn {
    asio::steady_timer* timer;
    bool called = false;
  };
  void next_turn();

  HandleSettings settings_;
  Backend backend_;
  std::int64_t page_limit_;
  Metrics& metrics_;
  Hop hop_;
  std::mt19937_64 random_;
  std::optional<Clock::time_point> first_work_;
  std::int64_t busy_ = 0;
  std::list<Turn*> queue_;
};

}  // namespace sevenstops
