#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "store/order.hpp"

struct sqlite3;

namespace sevenstops::store {

/// When a query is given up: at a time, or when somebody asks for it.
struct QueryLimit {
  base::Clock::time_point deadline = base::Clock::time_point::max();
  std::stop_token given_up;
};

/// The seeded data set in a SQLite file that has no name any more once it is open, so that nothing
/// is left behind however the process ends. Safe to call from `readers` threads at once.
class Store {
 public:
  /// Makes `rows` orders, the same for the same count. Throws std::runtime_error.
  Store(std::int64_t rows, int readers);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  /// Up to `limit` orders with an id above `after`, by id. Throws std::runtime_error with SQLite's
  /// own words when the query fails.
  [[nodiscard]] std::vector<Order> orders(std::int64_t after, std::int64_t limit);

  /// Turnover by currency and status as JSON, by a scan of all orders: slow on purpose. Nothing
  /// when it was given up. Throws as `orders` does.
  [[nodiscard]] std::optional<std::string> turnover(const QueryLimit& limit);

  /// Does something else with one of the readers, which goes back however `query` ends.
  void with_reader(const std::function<void(sqlite3*)>& query);

 private:
  struct Close {
    void operator()(sqlite3* db) const;
  };
  using Database = std::unique_ptr<sqlite3, Close>;

  // One of the readers while somebody uses it.
  class Lease {
   public:
    explicit Lease(Store& store);
    ~Lease();
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    [[nodiscard]] sqlite3* get() const { return db_.get(); }

   private:
    Store& store_;
    Database db_;
  };

  std::mutex mutex_;
  std::vector<Database> idle_;
};

}  // namespace sevenstops::store
