#include "load/clients/page.hpp"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>

namespace sevenstops::load {
namespace {

namespace json = boost::json;
using Error = json::error_code;

// What boost::json::basic_parser tells as it reads. False stops it.
struct Handler {
  static constexpr std::size_t max_array_size = -1;
  static constexpr std::size_t max_object_size = -1;
  static constexpr std::size_t max_string_size = -1;
  static constexpr std::size_t max_key_size = -1;

  explicit Handler(RowIds& its_ids) : ids(its_ids) {}

  bool on_document_begin(Error&) { return true; }
  bool on_document_end(Error&) { return true; }

  bool on_object_begin(Error& error) {
    if (at_next()) {
      return refuse(error, "its next is no text");
    }
    if (at_row()) {
      row_named = false;
    }
    ++depth;
    return true;
  }
  bool on_object_end(std::size_t, Error& error) {
    --depth;
    if (at_row() && !row_named) {
      ids.add_nameless();
    }
    return !ids.too_many() || refuse(error, "more rows than can be kept");
  }
  bool on_array_begin(Error& error) {
    if (at_next()) {
      return refuse(error, "its next is no text");
    }
    if (depth == 0) {
      return refuse(error, "a page that is no object");
    }
    if (depth == 1 && !has_rows) {
      has_rows = in_rows = true;
    }
    // An array among the rows is none, and has no id.
    key_is_id = key_is_id && !at_row();
    ++depth;
    return true;
  }
  bool on_array_end(std::size_t, Error&) {
    --depth;
    in_rows = in_rows && depth > 1;
    return true;
  }

  bool on_key_part(json::string_view part, std::size_t, Error&) {
    keep_of_key(part);
    return true;
  }
  bool on_key(json::string_view part, std::size_t, Error&) {
    keep_of_key(part);
    if (depth == 1) {
      key_is_next = key == "next";
    } else if (in_a_row()) {
      key_is_id = key == "id";
    }
    key.clear();
    return true;
  }

  bool on_string_part(json::string_view part, std::size_t size, Error& error) {
    return keep_of_text(part, size, error);
  }
  bool on_string(json::string_view part, std::size_t size, Error& error) {
    if (!keep_of_text(part, size, error)) {
      return false;
    }
    if (at_next()) {
      next = text;
    } else if (at_id()) {
      ids.add(text);
      row_named = true;
    }
    text.clear();
    return true;
  }
  bool on_number_part(json::string_view, Error&) { return true; }
  bool on_int64(std::int64_t value, json::string_view, Error& error) {
    if (at_id()) {
      ids.add(value);
      row_named = true;
    }
    return on_other(error);
  }
  bool on_uint64(std::uint64_t value, json::string_view, Error& error) {
    if (at_id()) {
      ids.add(std::to_string(value));
      row_named = true;
    }
    return on_other(error);
  }
  bool on_double(double, json::string_view, Error& error) { return on_other(error); }
  bool on_bool(bool, Error& error) { return on_other(error); }
  bool on_null(Error&) {
    if (at_next()) {
      next.reset();
    }
    return true;
  }
  bool on_comment_part(json::string_view, Error&) { return true; }
  bool on_comment(json::string_view, Error&) { return true; }

  [[nodiscard]] bool in_a_row() const { return in_rows && depth == 3; }
  // Where the elements of the array of rows begin and end.
  [[nodiscard]] bool at_row() const { return in_rows && depth == 2; }
  [[nodiscard]] bool at_next() const { return depth == 1 && key_is_next; }
  [[nodiscard]] bool at_id() const { return in_a_row() && key_is_id; }

  bool on_other(Error& error) { return !at_next() || refuse(error, "its next is no text"); }
  bool refuse(Error& error, std::string_view reason) {
    why = reason;
    error = json::make_error_code(json::error::exception);
    return false;
  }
  void keep_of_key(json::string_view part) {
    constexpr std::size_t enough = 8;
    key.append(part.data(), std::min(part.size(), enough - std::min(enough, key.size())));
  }
  bool keep_of_text(json::string_view part, std::size_t size, Error& error) {
    constexpr std::size_t longest_next = 8192;
    constexpr std::size_t longest_id = 256;
    if (!at_next() && !at_id()) {
      return true;
    }
    if (size > (at_next() ? longest_next : longest_id)) {
      return refuse(error, at_next() ? "its next is too long" : "an id that is too long");
    }
    text.append(part.data(), part.size());
    return true;
  }

  RowIds& ids;
  std::optional<std::string> next;
  std::string_view why = "a page that is no JSON";
  std::string key;
  std::string text;
  // Objects and arrays that are open: 1 in the page's object, 2 among its rows, 3 in one of them.
  int depth = 0;
  bool has_rows = false;
  bool in_rows = false;
  bool key_is_next = false;
  bool key_is_id = false;
  bool row_named = false;
};

}  // namespace

template <class Id>
bool RowIds::Seen<Id>::insert(const Id& id) {
  if (ascending.empty() || ascending.back() < id) {
    ascending.push_back(id);
    return true;
  }
  return !std::binary_search(ascending.begin(), ascending.end(), id) && others.insert(id).second;
}
template bool RowIds::Seen<std::int64_t>::insert(const std::int64_t&);
template bool RowIds::Seen<std::string>::insert(const std::string&);

struct Page::Reader {
  explicit Reader(RowIds& ids) : parser(json::parse_options(), ids) {}
  json::basic_parser<Handler> parser;
};

Page::Page(RowIds& ids) : reader_(std::make_unique<Reader>(ids)) {}
Page::~Page() = default;

bool Page::feed(std::string_view piece) {
  if (piece.empty()) {
    return true;
  }
  Error error;
  const auto used = reader_->parser.write_some(true, piece.data(), piece.size(), error);
  return !error && used == piece.size();
}

bool Page::finish() {
  Error error;
  auto& parser = reader_->parser;
  parser.write_some(false, nullptr, 0, error);
  auto& page = parser.handler();
  if (!error && !page.has_rows) {
    page.why = "a page without rows";
  }
  return !error && page.has_rows;
}

const std::optional<std::string>& Page::next() const { return reader_->parser.handler().next; }
std::string_view Page::why() const { return reader_->parser.handler().why; }

}  // namespace sevenstops::load
