#include "store/store.hpp"

#include <sqlite3.h>
#include <unistd.h>

#include <filesystem>
#include <random>
#include <stdexcept>

namespace sevenstops::store {
namespace {

[[noreturn]] void fail(sqlite3* db, const char* doing) {
  throw std::runtime_error(std::string(doing) + " the data set failed: " + sqlite3_errmsg(db));
}

struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

Statement prepare(sqlite3* db, const char* sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(db, sql, -1, &statement, nullptr) != SQLITE_OK) {
    fail(db, "preparing a query on");
  }
  return Statement(statement);
}

void bind(sqlite3_stmt* statement, int column, std::int64_t value) {
  sqlite3_bind_int64(statement, column, value);
}
void bind(sqlite3_stmt* statement, int column, const std::string& value) {
  sqlite3_bind_text(statement, column, value.data(), static_cast<int>(value.size()),
                    SQLITE_TRANSIENT);
}
void read(sqlite3_stmt* statement, int column, std::int64_t& value) {
  value = sqlite3_column_int64(statement, column);
}
void read(sqlite3_stmt* statement, int column, std::string& value) {
  value.assign(reinterpret_cast<const char*>(sqlite3_column_text(statement, column)),
               static_cast<std::size_t>(sqlite3_column_bytes(statement, column)));
}

const char* type_of(std::int64_t) { return " INTEGER"; }
const char* type_of(const std::string&) { return " TEXT"; }

// Whether there is another row. An error is not the end of the rows.
bool next_row(sqlite3* db, sqlite3_stmt* statement) {
  const int state = sqlite3_step(statement);
  if (state != SQLITE_ROW && state != SQLITE_DONE) {
    fail(db, "reading");
  }
  return state == SQLITE_ROW;
}

// Lets SQLite ask, for as long as this lives, whether a query is to go on.
class Limited {
 public:
  Limited(sqlite3* db, const QueryLimit& limit) : db_(db), limit_(limit) {
    constexpr int instructions_between = 1000;
    sqlite3_progress_handler(
        db_, instructions_between,
        [](void* self) {
          const auto& until = static_cast<const Limited*>(self)->limit_;
          return static_cast<int>(until.given_up.stop_requested() ||
                                  base::Clock::now() >= until.deadline);
        },
        this);
  }
  Limited(const Limited&) = delete;
  Limited& operator=(const Limited&) = delete;
  ~Limited() { sqlite3_progress_handler(db_, 0, nullptr, nullptr); }

 private:
  sqlite3* db_;
  const QueryLimit& limit_;
};

void fill(sqlite3* db, std::int64_t rows) {
  std::string columns;
  std::string places;
  const Order sample;
  for_each_column(sample, [&](const auto& column, const auto& field) {
    columns.append(columns.empty() ? "" : ", ").append(column.name()).append(type_of(field));
    columns.append(column.about.key ? " PRIMARY KEY" : "");
    places.append(places.empty() ? "?" : ",?");
  });
  const auto schema = "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; CREATE TABLE orders(" +
                      columns + "); BEGIN";
  if (sqlite3_exec(db, schema.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    fail(db, "creating");
  }
  const auto insert = prepare(db, ("INSERT INTO orders VALUES(" + places + ")").c_str());
  std::mt19937_64 random(7);
  for (std::int64_t id = 1; id <= rows; ++id) {
    const auto r = random();
    Order order{.id = id,
                .user_id = static_cast<std::int64_t>(r % 10000),
                .status = std::string(order_statuses[(r >> 16) % order_statuses.size()]),
                .total_cents = static_cast<std::int64_t>((r >> 20) % 100000),
                .currency = std::string(order_currencies[(r >> 40) % order_currencies.size()]),
                .created_at = "2024-0" + std::to_string(1 + (r >> 44) % 9) + "-1" +
                              std::to_string((r >> 48) % 10) + "T12:00:00Z",
                .items = static_cast<std::int64_t>(1 + (r >> 52) % 12),
                .note = "leave at the \"side\" door, ring twice"};
    int column = 0;
    for_each_column(order, [&](auto, const auto& field) { bind(insert.get(), ++column, field); });
    if (sqlite3_step(insert.get()) != SQLITE_DONE) {
      fail(db, "filling");
    }
    sqlite3_reset(insert.get());
  }
  if (sqlite3_exec(db, "COMMIT", nullptr, nullptr, nullptr) != SQLITE_OK) {
    fail(db, "committing");
  }
}

}  // namespace

void Store::Close::operator()(sqlite3* db) const { sqlite3_close(db); }

Store::Store(std::int64_t rows, int readers) {
  auto path = (std::filesystem::temp_directory_path() / "sevenstops-XXXXXX").string();
  const int file = ::mkstemp(path.data());
  if (file < 0) {
    throw std::runtime_error("no temporary file for the data set could be made in " + path);
  }
  ::close(file);
  const auto unlink = [](const std::string* p) { ::unlink(p->c_str()); };
  const std::unique_ptr<const std::string, decltype(unlink)> unlinked(&path, unlink);
  for (int i = 0; i < readers; ++i) {
    sqlite3* db = nullptr;
    const int opened = sqlite3_open(path.c_str(), &db);
    idle_.emplace_back(db);
    if (opened != SQLITE_OK) {
      fail(db, "opening");
    }
    if (i == 0) {
      fill(db, rows);
    }
    // The file is opened for good by the first read, which has to come before the unlink.
    (void)next_row(db, prepare(db, "SELECT count(*) FROM sqlite_master").get());
  }
}

Store::~Store() = default;

Store::Lease::Lease(Store& store) : store_(store) {
  const std::scoped_lock lock(store_.mutex_);
  if (store_.idle_.empty()) {
    throw std::logic_error("more threads read the data set than it was opened for");
  }
  db_ = std::move(store_.idle_.back());
  store_.idle_.pop_back();
}

Store::Lease::~Lease() {
  const std::scoped_lock lock(store_.mutex_);
  store_.idle_.push_back(std::move(db_));
}

void Store::with_reader(const std::function<void(sqlite3*)>& query) {
  const Lease db(*this);
  query(db.get());
}

std::vector<Order> Store::orders(std::int64_t after, std::int64_t limit) {
  const Lease db(*this);
  const auto select = prepare(db.get(), "SELECT * FROM orders WHERE id > ? ORDER BY id LIMIT ?");
  bind(select.get(), 1, after);
  bind(select.get(), 2, limit);
  std::vector<Order> rows;
  while (next_row(db.get(), select.get())) {
    auto& order = rows.emplace_back();
    int column = 0;
    for_each_column(order, [&](auto, auto& field) { read(select.get(), column++, field); });
  }
  return rows;
}

std::optional<std::string> Store::turnover(const QueryLimit& limit) {
  constexpr auto sql =
      "SELECT json_group_array(json_object('currency', currency, 'status', status, 'orders', n,"
      " 'total_cents', total)) FROM (SELECT currency, status, count(*) n, sum(total_cents) total"
      " FROM orders WHERE note LIKE '%side%' GROUP BY 1, 2)";
  const Lease db(*this);
  const Limited limited(db.get(), limit);
  const auto select = prepare(db.get(), sql);
  std::optional<std::string> json;
  try {
    if (next_row(db.get(), select.get())) {
      read(select.get(), 0, json.emplace());
    }
  } catch (const std::runtime_error&) {
    if (sqlite3_errcode(db.get()) != SQLITE_INTERRUPT) {
      throw;
    }
  }
  return json;
}

}  // namespace sevenstops::store
