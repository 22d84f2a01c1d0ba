#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "stops/handle/order.hpp"

struct sqlite3;

namespace sevenstops {

/// When a query is given up: at a time, or when somebody says so.
struct QueryLimit {
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
  std::shared_ptr<const std::atomic<bool>> given_up;
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

  /// Up to `limit` orders with an id above `after`, by id.
  [[nodiscard]] std::vector<Order> orders(std::int64_t after, std::int64_t limit);

  /// Turnover by currency and status as JSON, by a scan of all orders: slow on purpose. Nothing
  /// when it was given up.
  [[nodiscard]] std::optional<std::string> turnover(const QueryLimit& limit);

 private:
  struct Close {
    void operator()(sqlite3* db) const;
  };
  using Database = std::unique_ptr<sqlite3, Close>;

  [[nodiscard]] Database take();
  void give(Database db);

  std::mutex mutex_;
  std::vector<Database> idle_;
};

}  // namespace sevenstops
