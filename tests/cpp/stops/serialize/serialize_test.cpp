#include "stops/serialize/serialize.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <deque>

#include "../../support/response_fields.hpp"
#include "../../support/run.hpp"

namespace sevenstops::stops {
namespace {

using http::Outcome;
using http::Reason;
using store::Order;

// Every byte of ASCII, and what JSON and CSV have a word to say about.
std::vector<std::string> nasty() {
  std::vector<std::string> texts = {"",
                                    "\"",
                                    "\\",
                                    "\\\"",
                                    "\\u0041",
                                    "a,b",
                                    "line\r\nline",
                                    "\b\f\n\r\t/",
                                    std::string("nul\0nul", 7),
                                    "\x7f",
                                    "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x9a\x8b",
                                    "\xe2\x80\xa8\xe2\x80\xa9",
                                    "</script>",
                                    "{\"orders\":[]}"};
  for (char c = 0; c < 0x7f; ++c) {
    texts.emplace_back(std::string("a") + c + "b");
  }
  return texts;
}

std::vector<Order> orders() {
  std::vector<Order> rows;
  std::int64_t id = std::numeric_limits<std::int64_t>::min();
  for (const auto& text : nasty()) {
    rows.push_back({.id = id,
                    .user_id = -1,
                    .status = text,
                    .total_cents = std::numeric_limits<std::int64_t>::max(),
                    .currency = text + text,
                    .created_at = "2024-01-10T12:00:00Z",
                    .items = 0,
                    .note = text});
    id += 12345678901234567;
  }
  return rows;
}

std::string json(const std::vector<Order>& rows, bool compiled, const std::string& next = {}) {
  const auto response = serialize(Page{rows, next}, {.compiled = compiled});
  EXPECT_EQ(response.status, 200U);
  EXPECT_EQ(response.content_type, "application/json");
  EXPECT_FALSE(response.source);
  return response.bytes;
}

TEST(Serialize, BothSerializersWriteWhatAParserReadsBack) {
  const auto rows = orders();
  for (const bool compiled : {false, true}) {
    const auto document = boost::json::parse(json(rows, compiled));
    const auto& read = document.at("orders").as_array();
    ASSERT_EQ(read.size(), rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto& row = read[i].as_object();
      std::size_t columns = 0;
      store::for_each_column(rows[i], [&](const auto& column, const auto& field) {
        const auto name = column.name();
        ++columns;
        if constexpr (std::is_same_v<std::remove_cvref_t<decltype(field)>, std::string>) {
          EXPECT_EQ(std::string_view(row.at(name).as_string()), field);
        } else {
          EXPECT_EQ(row.at(name).as_int64(), field);
        }
      });
      EXPECT_EQ(row.size(), columns);
    }
  }
}

TEST(Serialize, BothSerializersWriteTheSameBytes) {
  for (const auto& order : orders()) {
    EXPECT_EQ(json({order}, true), json({order}, false));
  }
  EXPECT_TRUE(json(orders(), true) == json(orders(), false));
  for (const bool compiled : {true, false}) {
    EXPECT_EQ(json({}, compiled), R"({"orders":[],"next":null})");
    EXPECT_EQ(json({}, compiled, "/orders?limit=5&cursor=7"),
              R"({"orders":[],"next":"/orders?limit=5&cursor=7"})");
  }
}

TEST(Serialize, ALargeRowComesWhole) {
  const Order order{.id = 1, .status = "placed", .note = std::string(5000, '"') + "end"};
  EXPECT_TRUE(json({order, order}, true) == json({order, order}, false));
}

TEST(Serialize, APageSaysWhereTheNextOneIs) {
  const auto link = [](std::string next) {
    return test::value_of(serialize(Page{{}, std::move(next)}, {}).fields, "Link");
  };
  EXPECT_EQ(link("/orders?cursor=1"), "</orders?cursor=1>; rel=\"next\"");
  EXPECT_EQ(link(""), "");
}

TEST(Serialize, ATextIsReady) {
  const auto response = serialize(Text{"bytes", "application/octet-stream"}, {});
  EXPECT_EQ(response.status, 200U);
  EXPECT_EQ(response.content_type, "application/octet-stream");
  EXPECT_EQ(response.bytes, "bytes");
}

TEST(Serialize, ARefusalSaysItsReason) {
  auto response = serialize(http::Refusal(Reason::method_not_allowed, "GET, HEAD"));
  EXPECT_EQ(response.status, 405U);
  EXPECT_EQ(response.bytes, "method\n");
  EXPECT_EQ(test::value_of(response.fields, "Allow"), "GET, HEAD");
  EXPECT_EQ(response.retry_after, 0U);
  response = serialize(http::Refusal(Reason::max_connections));
  EXPECT_EQ(response.status, 503U);
  EXPECT_EQ(response.retry_after, 1U);
}

// Batches that come one after the other, then the end, or a refusal.
class Batches final : public RowSource {
 public:
  explicit Batches(std::deque<std::vector<Order>> batches, bool breaks = false)
      : batches_(std::move(batches)), breaks_(breaks) {}

  asio::awaitable<Outcome<std::vector<Order>>> next() override {
    if (batches_.empty()) {
      co_return breaks_ ? Outcome<std::vector<Order>>(Reason::worker_queue)
                        : Outcome<std::vector<Order>>(std::vector<Order>());
    }
    auto batch = std::move(batches_.front());
    batches_.pop_front();
    co_return batch;
  }

 private:
  std::deque<std::vector<Order>> batches_;
  bool breaks_;
};

struct Csv {
  std::string text;
  Outcome<bool> last = false;
};

Csv csv(std::unique_ptr<RowSource> batches) {
  Csv read;
  const auto response = serialize(std::move(batches), {});
  EXPECT_EQ(response.content_type, "text/csv");
  test::run([&]() -> asio::awaitable<void> {
    do {
      read.last = co_await response.source->next(read.text);
    } while (read.last && *read.last);
  });
  return read;
}

// RFC 4180 read back: records of fields.
std::vector<std::vector<std::string>> records(std::string_view text) {
  std::vector<std::vector<std::string>> all;
  while (!text.empty()) {
    auto& record = all.emplace_back();
    bool more = true;
    while (more) {
      auto& field = record.emplace_back();
      if (text.starts_with('"')) {
        text.remove_prefix(1);
        while (!text.starts_with('"') || text.starts_with("\"\"")) {
          field.push_back(text.front());
          text.remove_prefix(text.starts_with('"') ? 2 : 1);
        }
        text.remove_prefix(1);
      } else {
        const auto end = text.find_first_of(",\r");
        field = text.substr(0, end);
        text.remove_prefix(end);
      }
      more = text.starts_with(',');
      text.remove_prefix(more ? 1 : 2);
    }
  }
  return all;
}

TEST(SerializeCsv, IsReadBackAsItWas) {
  const auto rows = orders();
  const auto half = rows.begin() + static_cast<std::ptrdiff_t>(rows.size() / 2);
  const auto read = csv(std::make_unique<Batches>(
      std::deque<std::vector<Order>>{{rows.begin(), half}, {half, rows.end()}}));
  EXPECT_TRUE(read.last);
  const auto all = records(read.text);
  ASSERT_EQ(all.size(), rows.size() + 1);
  EXPECT_EQ(all[0], (std::vector<std::string>{"id", "user_id", "status", "total_cents", "currency",
                                              "created_at", "items", "note"}));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    ASSERT_EQ(all[i + 1].size(), 8U);
    EXPECT_EQ(all[i + 1][0], std::to_string(rows[i].id));
    EXPECT_EQ(all[i + 1][2], rows[i].status);
    EXPECT_EQ(all[i + 1][7], rows[i].note);
  }
}

TEST(SerializeCsv, QuotesOnlyWhatNeedsIt) {
  const Order order = {.id = 1, .status = "a b", .currency = "a,b", .note = "say \"no\""};
  const auto read = csv(std::make_unique<Batches>(std::deque<std::vector<Order>>{{order}}));
  EXPECT_TRUE(read.text.ends_with("\r\n1,0,a b,0,\"a,b\",,0,\"say \"\"no\"\"\"\r\n")) << read.text;
}

TEST(SerializeCsv, WithoutRowsThereIsTheHeader) {
  const auto read = csv(std::make_unique<Batches>(std::deque<std::vector<Order>>{}));
  EXPECT_TRUE(read.last);
  EXPECT_EQ(records(read.text).size(), 1U);
}

TEST(SerializeCsv, ARefusalComesOut) {
  const auto read =
      csv(std::make_unique<Batches>(std::deque<std::vector<Order>>{{Order{.id = 1}}}, true));
  ASSERT_FALSE(read.last);
  EXPECT_EQ(read.last.error().reason, Reason::worker_queue);
}

}  // namespace
}  // namespace sevenstops::stops
