#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "stops/handle/order.hpp"
#include "http/refusal.hpp"

namespace sevenstops {

/// Rows that come in lots, for results too large to hold.
class RowSource {
 public:
  virtual ~RowSource() = default;
  /// The next lot; empty at the end.
  virtual boost::asio::awaitable<Outcome<std::vector<Order>>> next() = 0;
};

struct Text {
  std::string text;
  std::string_view content_type = "text/plain";
};

struct Page {
  std::vector<Order> orders;
};

/// What a handler gives back: a ready text, a page of rows, or a stream of them.
using Result = std::variant<Text, Page, std::unique_ptr<RowSource>>;

}  // namespace sevenstops
