#pragma once

#include <cstdint>
#include <string>

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

/// The schema: calls `visit(name, field)` for every field in column order. Table, serializers and
/// the CSV header read this one list.
template <class AnyOrder, class Visitor>
void for_each_column(AnyOrder& order, Visitor&& visit) {
  visit("id", order.id);
  visit("user_id", order.user_id);
  visit("status", order.status);
  visit("total_cents", order.total_cents);
  visit("currency", order.currency);
  visit("created_at", order.created_at);
  visit("items", order.items);
  visit("note", order.note);
}

}  // namespace sevenstops::store
