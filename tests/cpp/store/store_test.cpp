#include "store/store.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <boost/json.hpp>
#include <stdexcept>
#include <thread>

namespace sevenstops::store {
namespace {

constexpr std::int64_t rows = 2000;

void execute(Store& store, const char* sql) {
  store.with_reader([sql](sqlite3* db) {
    ASSERT_EQ(sqlite3_exec(db, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
  });
}

// From the row with id 500 on, reading a sum fails (an integer overflow).
void break_in_the_middle(Store& store) {
  execute(store,
          "ALTER TABLE orders RENAME TO kept;"
          "CREATE VIEW orders AS SELECT id, user_id, status, CASE WHEN id < 500 THEN total_cents"
          " ELSE abs(-9223372036854775807 - 1) END total_cents, currency, created_at, items, note"
          " FROM kept");
}

TEST(Store, HasItsRowsInOrder) {
  Store store(rows, 1);
  const auto all = store.orders(0, rows + 1);
  ASSERT_EQ(all.size(), static_cast<std::size_t>(rows));
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].id, static_cast<std::int64_t>(i) + 1);
    EXPECT_FALSE(all[i].status.empty());
    EXPECT_EQ(all[i].currency.size(), 3U);
    EXPECT_GE(all[i].items, 1);
  }
}

TEST(Store, GoesOnBehindACursor) {
  Store store(10, 1);
  std::vector<std::int64_t> ids;
  std::int64_t cursor = 0;
  for (auto batch = store.orders(cursor, 4); !batch.empty(); batch = store.orders(cursor, 4)) {
    for (const auto& order : batch) {
      ids.push_back(order.id);
    }
    cursor = batch.back().id;
  }
  EXPECT_EQ(ids, (std::vector<std::int64_t>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}));
  EXPECT_TRUE(store.orders(10, 4).empty());
  EXPECT_TRUE(store.orders(0, 0).empty());
}

TEST(Store, IsTheSameForTheSameCount) {
  Store one(50, 1);
  Store other(50, 2);
  const auto ours = one.orders(0, 50);
  const auto theirs = other.orders(0, 50);
  ASSERT_EQ(ours.size(), theirs.size());
  for (std::size_t i = 0; i < ours.size(); ++i) {
    EXPECT_EQ(ours[i].total_cents, theirs[i].total_cents);
    EXPECT_EQ(ours[i].created_at, theirs[i].created_at);
  }
}

TEST(Store, TurnoverCountsEveryOrder) {
  Store store(rows, 1);
  const auto json = store.turnover({});
  ASSERT_TRUE(json);
  std::int64_t orders = 0;
  std::int64_t cents = 0;
  const auto groups = boost::json::parse(*json);
  for (const auto& group : groups.as_array()) {
    orders += group.at("orders").to_number<std::int64_t>();
    cents += group.at("total_cents").to_number<std::int64_t>();
  }
  EXPECT_EQ(orders, rows);
  for (const auto& order : store.orders(0, rows)) {
    cents -= order.total_cents;
  }
  EXPECT_EQ(cents, 0);
}

TEST(Store, AQueryThatThrowsGivesItsReaderBack) {
  constexpr int readers = 2;
  Store store(10, readers);
  for (int i = 0; i < 10 * readers; ++i) {
    EXPECT_THROW(store.with_reader([](sqlite3*) { throw std::runtime_error("broken"); }),
                 std::runtime_error);
  }
  EXPECT_EQ(store.orders(0, 100).size(), 10U);
}

TEST(Store, MoreReadersThanItHasAreAMistakeThatIsSaid) {
  Store store(10, 1);
  store.with_reader([&](sqlite3*) { EXPECT_THROW((void)store.orders(0, 1), std::logic_error); });
  EXPECT_EQ(store.orders(0, 1).size(), 1U);
}

TEST(Store, ReadersReadSideBySide) {
  constexpr int readers = 4;
  Store store(500, readers);
  std::vector<std::thread> threads;
  threads.reserve(readers);
  std::array<std::size_t, readers> read{};
  for (auto& count : read) {
    threads.emplace_back([&store, &count] {
      for (int i = 0; i < 20; ++i) {
        count += store.orders(0, 500).size();
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  for (const auto count : read) {
    EXPECT_EQ(count, 10000U);
  }
}

TEST(Store, AnErrorIsNotTheEndOfTheRows) {
  Store store(rows, 1);
  break_in_the_middle(store);
  EXPECT_EQ(store.orders(0, 400).size(), 400U);
  for (int i = 0; i < 5; ++i) {
    try {
      (void)store.orders(0, rows);
      ADD_FAILURE() << "rows that could not be read were not missed";
    } catch (const std::runtime_error& error) {
      EXPECT_NE(std::string(error.what()).find("integer overflow"), std::string::npos);
    }
    EXPECT_THROW((void)store.turnover({}), std::runtime_error);
  }
  EXPECT_EQ(store.orders(0, 400).size(), 400U);
}

TEST(Store, ARowThatIsInterruptedIsNoEndEither) {
  Store store(rows, 1);
  int calls = 0;
  store.with_reader([&](sqlite3* db) {
    sqlite3_progress_handler(
        db, 100, [](void* n) { return static_cast<int>(++*static_cast<int*>(n) > 20); }, &calls);
  });
  EXPECT_THROW((void)store.orders(0, rows), std::runtime_error);
  store.with_reader([](sqlite3* db) { sqlite3_progress_handler(db, 0, nullptr, nullptr); });
  EXPECT_EQ(store.orders(0, rows).size(), static_cast<std::size_t>(rows));
}

TEST(Store, AMissingTableIsSaidInSQLitesWords) {
  Store store(10, 1);
  execute(store, "DROP TABLE orders");
  for (int i = 0; i < 3; ++i) {
    try {
      (void)store.orders(0, 1);
      ADD_FAILURE();
    } catch (const std::runtime_error& error) {
      EXPECT_NE(std::string(error.what()).find("no such table: orders"), std::string::npos);
    }
  }
}

TEST(Store, TurnoverIsGivenUpWhenSomebodyAsksForIt) {
  Store store(rows, 1);
  std::stop_source source;
  EXPECT_TRUE(store.turnover({.given_up = source.get_token()}));
  source.request_stop();
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(store.turnover({.given_up = source.get_token()}));
  }
  EXPECT_TRUE(store.turnover({}));
}

TEST(Store, TurnoverIsGivenUpAtItsDeadline) {
  Store store(rows, 1);
  EXPECT_FALSE(store.turnover({.deadline = base::Clock::now()}));
  EXPECT_TRUE(store.turnover({.deadline = base::Clock::now() + std::chrono::hours(1)}));
  // Nothing of it is left behind on the reader.
  EXPECT_EQ(store.orders(0, rows).size(), static_cast<std::size_t>(rows));
}

}  // namespace
}  // namespace sevenstops::store
