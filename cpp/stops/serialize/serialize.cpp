#include "stops/serialize/serialize.hpp"

#include <array>
#include <boost/json.hpp>
#include <charconv>

namespace sevenstops::stops {
namespace {

void append_number(std::string& out, std::int64_t value) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

void append_json(std::string& out, std::int64_t value) { append_number(out, value); }

// RFC 8259, 7: quotation mark, reverse solidus and control characters are escaped; those that have
// a letter of their own by that, as Boost.JSON does it.
void append_json(std::string& out, std::string_view value) {
  constexpr std::string_view hex = "0123456789abcdef";
  constexpr std::string_view with_letter = "\b\t\n\f\r";
  constexpr std::string_view letters = "btnfr";
  out.push_back('"');
  for (const char c : value) {
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      if (const auto letter = with_letter.find(c); letter != std::string_view::npos) {
        out.push_back('\\');
        out.push_back(letters[letter]);
      } else {
        out.append("\\u00");
        out.push_back(hex[static_cast<unsigned char>(c) >> 4]);
        out.push_back(hex[c & 15]);
      }
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

void append_csv(std::string& out, std::int64_t value) { append_number(out, value); }
void append_csv(std::string& out, std::string_view value) {
  if (value.find_first_of(",\"\r\n") == std::string_view::npos) {
    out.append(value);
    return;
  }
  out.push_back('"');
  for (const char c : value) {
    out.append(c == '"' ? 2 : 1, c);
  }
  out.push_back('"');
}

std::string compiled_json(const Page& page) {
  constexpr std::size_t row_estimate = 200;
  const auto& orders = page.orders;
  std::string out;
  out.reserve((orders.size() + 1) * row_estimate);
  out.append(R"({"orders":[)");
  for (std::size_t i = 0; i < orders.size(); ++i) {
    out.append(i == 0 ? "" : ",");
    char separator = '{';
    store::for_each_column(orders[i], [&](std::string_view name, const auto& field) {
      out.push_back(separator);
      separator = ',';
      out.push_back('"');
      out.append(name).append("\":");
      append_json(out, field);
    });
    out.push_back('}');
  }
  out.append("],\"next\":");
  if (page.next.empty()) {
    out.append("null");
  } else {
    append_json(out, page.next);
  }
  out.push_back('}');
  return out;
}

std::string generic_json(const Page& page) {
  boost::json::array rows;
  for (const auto& order : page.orders) {
    boost::json::object row;
    store::for_each_column(order,
                           [&](std::string_view name, const auto& field) { row[name] = field; });
    rows.push_back(std::move(row));
  }
  boost::json::object document;
  document["orders"] = std::move(rows);
  document["next"] = page.next.empty() ? boost::json::value() : boost::json::value(page.next);
  return boost::json::serialize(document);
}

class Csv : public ByteSource {
 public:
  explicit Csv(std::unique_ptr<RowSource> rows) : rows_(std::move(rows)) {}

  asio::awaitable<http::Outcome<bool>> next(std::string& out) override {
    if (!header_written_) {
      header_written_ = true;
      char separator = 0;
      const store::Order columns;
      store::for_each_column(columns, [&](std::string_view name, const auto&) {
        out.append(separator == 0 ? 0 : 1, separator).append(name);
        separator = ',';
      });
      out.append("\r\n");
    }
    const auto batch = co_await rows_->next();
    if (!batch) {
      co_return batch.error();
    }
    for (const auto& order : *batch) {
      char separator = 0;
      store::for_each_column(order, [&](std::string_view, const auto& field) {
        out.append(separator == 0 ? 0 : 1, separator);
        append_csv(out, field);
        separator = ',';
      });
      out.append("\r\n");
    }
    co_return !batch->empty();
  }

 private:
  std::unique_ptr<RowSource> rows_;
  bool header_written_ = false;
};

}  // namespace

Response serialize(Result result, const SerializeSettings& settings) {
  if (auto* text = std::get_if<Text>(&result)) {
    return {.content_type = text->content_type, .bytes = std::move(text->text)};
  }
  if (const auto* page = std::get_if<Page>(&result)) {
    return {.content_type = "application/json",
            .bytes = settings.compiled ? compiled_json(*page) : generic_json(*page)};
  }
  return {.content_type = "text/csv",
          .source = std::make_unique<Csv>(std::move(std::get<std::unique_ptr<RowSource>>(result)))};
}

Response serialize(const http::Refusal& refusal) {
  const auto& about = http::info(refusal.reason);
  return {.status = about.status,
          .bytes = std::string(about.name) + "\n",
          .allow = refusal.allow,
          .retry_after = about.retry_after};
}

}  // namespace sevenstops::stops
