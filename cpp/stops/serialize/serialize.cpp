#include "stops/serialize/serialize.hpp"

#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <cstring>
#include <utility>

#include "stops/serialize/json_text.hpp"

namespace sevenstops::stops {
namespace {

void append_csv(std::string& out, std::int64_t value) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

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

// The room that a row may need; its keys and braces, and what a key writes beyond its end.
std::size_t room_of(const store::Order& order) {
  std::size_t room = 2;
  store::for_each_column(order, [&room](const auto& column, const auto& field) {
    room += column.key().size() + json_room(field);
  });
  return room;
}

void append_row(JsonText& json, const store::Order& order) {
  char* to = json.room(room_of(order));
  char* const start = to;
  store::for_each_column(order, [&to](const auto& column, const auto& field) {
    // Of a size that is known: no call.
    std::memcpy(to, column.json_key.data(), column.json_key.size());
    to = write_json(to + column.json_key.size(), field);
  });
  // Where the first key has its comma.
  *start = '{';
  *to++ = '}';
  json.wrote_until(to);
}

std::string compiled_json(const Page& page) {
  constexpr std::size_t row_estimate = 200;
  std::string out;
  out.reserve((page.orders.size() + 1) * row_estimate);
  JsonText json(out);
  json.raw(R"({"orders":[)");
  for (std::size_t i = 0; i < page.orders.size(); ++i) {
    json.raw(i == 0 ? "" : ",");
    append_row(json, page.orders[i]);
  }
  json.raw(R"(],"next":)");
  if (page.next.empty()) {
    json.raw("null");
  } else {
    json.value(std::string_view(page.next));
  }
  json.raw("}");
  json.flush();
  return out;
}

std::string generic_json(const Page& page) {
  boost::json::array rows;
  for (const auto& order : page.orders) {
    boost::json::object row;
    store::for_each_column(
        order, [&](const auto& column, const auto& field) { row[column.name()] = field; });
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
      store::for_each_column(columns, [&](const auto& column, const auto&) {
        out.append(separator == 0 ? 0 : 1, separator).append(column.name());
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
      store::for_each_column(order, [&](const auto&, const auto& field) {
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

std::string json_of(const Page& page, bool compiled) {
  return compiled ? compiled_json(page) : generic_json(page);
}

Response serialize(Result result, const SerializeSettings& settings) {
  if (auto* text = std::get_if<Text>(&result)) {
    return {.content_type = text->content_type, .bytes = std::move(text->text)};
  }
  if (auto* page = std::get_if<Page>(&result)) {
    Response response{.content_type = "application/json",
                      .bytes = json_of(*page, settings.compiled)};
    if (!page->next.empty()) {
      response.fields.push_back({"Link", "<" + page->next + ">; rel=\"next\""});
    }
    return response;
  }
  return {.content_type = "text/csv",
          .source = std::make_unique<Csv>(std::move(std::get<std::unique_ptr<RowSource>>(result)))};
}

Response serialize(const http::Refusal& refusal) {
  const auto& about = http::info(refusal.reason);
  Response response{.status = about.status,
                    .bytes = std::string(about.name) + "\n",
                    .retry_after = about.retry_after};
  if (!refusal.allow.empty()) {
    response.fields.push_back({"Allow", std::string(refusal.allow)});
  }
  return response;
}

}  // namespace sevenstops::stops
