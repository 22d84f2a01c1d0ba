#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/asio.hpp"
#include "http/refusal.hpp"
#include "store/order.hpp"

namespace sevenstops::stops {

namespace asio = boost::asio;

/// Rows that come in batches, for results too large to hold.
class RowSource {
 public:
  virtual ~RowSource() = default;
  /// The next batch; empty at the end.
  virtual asio::awaitable<http::Outcome<std::vector<store::Order>>> next() = 0;
};

struct Text {
  std::string text;
  std::string_view content_type = "text/plain";
  /// Whether it stays the same for long, so that a client may ask whether it has changed.
  bool lasting = false;
};

struct Page {
  std::vector<store::Order> orders;
  /// Where the page after this one is; empty: this is the last.
  std::string next = {};
};

/// What a handler gives back: a ready text, a page of rows, or a stream of them.
using Result = std::variant<Text, Page, std::unique_ptr<RowSource>>;

}  // namespace sevenstops::stops
