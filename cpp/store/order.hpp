#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tuple>

namespace sevenstops::store {

/// One row of the data set.
struct Order {
  std::int64_t id = 0;
  std::int64_t user_id = 0;
  std::string status;
  std::int64_t total_cents = 0;
  std::string currency;
  std::string created_at;
  std::int64_t items = 0;
  std::string note;
};

/// What a column says besides its type; what is empty says nothing.
struct ColumnAbout {
  std::string_view meaning;
  /// A format of JSON Schema.
  std::string_view format = {};
  /// The words that there are.
  std::span<const std::string_view> words = {};
  /// Whether the table is sorted and found by it.
  bool key = false;
};

inline constexpr std::array<std::string_view, 4> order_statuses = {"placed", "paid", "shipped",
                                                                   "returned"};
inline constexpr std::array<std::string_view, 3> order_currencies = {"EUR", "USD", "GBP"};

/// One column: its name, the field of a row and what it means.
template <class Field, std::size_t Size>
struct Column {
  /// `,"name":`, as JSON has it before a value.
  std::array<char, Size + 3> json_key;
  Field Order::*field;
  ColumnAbout about;

  [[nodiscard]] constexpr std::string_view key() const {
    return {json_key.data(), json_key.size()};
  }
  [[nodiscard]] constexpr std::string_view name() const { return key().substr(2, Size - 1); }
};

/// Its name must need no escape in JSON, SQL or CSV.
template <class Field, std::size_t Size>
constexpr Column<Field, Size> column(const char (&name)[Size], Field Order::*field,
                                     ColumnAbout about) {
  Column<Field, Size> made{.json_key = {}, .field = field, .about = about};
  auto* at = made.json_key.data();
  *at++ = ',';
  *at++ = '"';
  at = std::copy_n(name, Size - 1, at);
  *at++ = '"';
  *at = ':';
  return made;
}

/// The one description of a row, in column order: table, serializers, the CSV header and the schema
/// in /openapi.json are made of it.
inline constexpr std::tuple order_columns{
    column("id", &Order::id, {.meaning = "its number, unique and rising", .key = true}),
    column("user_id", &Order::user_id, {"who ordered"}),
    column("status", &Order::status, {.meaning = "how far it is", .words = order_statuses}),
    column("total_cents", &Order::total_cents, {"what it costs, in hundredths of the currency"}),
    column("currency", &Order::currency, {.meaning = "as in ISO 4217", .words = order_currencies}),
    column("created_at", &Order::created_at,
           {.meaning = "when it was placed", .format = "date-time"}),
    column("items", &Order::items, {"how many things were ordered"}),
    column("note", &Order::note, {"what the customer wrote"}),
};

/// Calls `visit(column, field)` for every column of a row.
template <class AnyOrder, class Visitor>
constexpr void for_each_column(AnyOrder& order, Visitor&& visit) {
  std::apply([&](const auto&... columns) { (visit(columns, order.*(columns.field)), ...); },
             order_columns);
}

}  // namespace sevenstops::store
