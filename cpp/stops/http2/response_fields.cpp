#include "stops/http2/response_fields.hpp"

#include <algorithm>

#include "http/characters.hpp"
#include "http/nghttp2.hpp"

namespace sevenstops::stops {

ResponseFields::ResponseFields(std::string_view head) : text_(head) {
  constexpr std::size_t status_at = std::string_view("HTTP/1.1 ").size();
  constexpr std::size_t usual = 8;
  fields_.reserve(usual);
  std::string_view rest = text_;
  add(":status", rest.substr(status_at, 3));
  const auto skip_line = [&rest] { rest.remove_prefix(rest.find("\r\n") + 2); };
  for (skip_line(); !rest.starts_with("\r\n"); skip_line()) {
    const auto line = rest.substr(0, rest.find("\r\n"));
    const auto colon = line.find(": ");
    // RFC 9113, 8.2.1: names travel in lower case.
    auto* const name = text_.data() + (line.data() - text_.data());
    std::transform(name, name + colon, name, http::lower);
    add(line.substr(0, colon), line.substr(colon + 2));
  }
}

void ResponseFields::add(std::string_view name, std::string_view value) {
  fields_.push_back(http::field_of_nghttp2(name, value));
}

}  // namespace sevenstops::stops
