#include "http/response.hpp"

#include <array>
#include <charconv>
#include <ostream>
// Needs the whole of std::ostream.
#include <boost/beast/http/status.hpp>

#include "http/date.hpp"

namespace sevenstops::http {
namespace {

void append_number(std::string& out, std::uint64_t number) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

void append_status_line(std::string& out, unsigned status) {
  const auto phrase =
      boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(status));
  out.append("HTTP/1.1 ");
  append_number(out, status);
  out.append(1, ' ').append(phrase.data(), phrase.size());
}

}  // namespace

bool may_have_content(unsigned status) {
  constexpr unsigned no_content = 204;
  constexpr unsigned not_modified = 304;
  constexpr unsigned final_ones = 200;
  return status >= final_ones && status != no_content && status != not_modified;
}

void append_head(std::string& out, const ResponseHead& head) {
  constexpr unsigned unauthorized = 401;
  append_status_line(out, head.status);
  out.append("\r\nServer: sevenstops\r\nDate: ").append(date_now());
  const bool content = may_have_content(head.status);
  if (content) {
    out.append("\r\nContent-Type: ").append(head.content_type);
  }
  if (head.status == unauthorized) {
    out.append("\r\nWWW-Authenticate: Bearer");
  }
  for (const auto& [name, value] : head.fields) {
    out.append("\r\n").append(name).append(": ").append(value);
  }
  if (!head.entity_tag.empty()) {
    out.append("\r\nETag: ").append(head.entity_tag);
  }
  if (content && !head.coding.empty()) {
    out.append("\r\nContent-Encoding: ").append(head.coding);
  }
  if (head.varies) {
    out.append("\r\nVary: Accept-Encoding");
  }
  if (head.retry_after > 0) {
    out.append("\r\nRetry-After: ");
    append_number(out, head.retry_after);
  }
  if (content && head.chunked) {
    out.append("\r\nTransfer-Encoding: chunked");
  } else if (content && head.content_length) {
    out.append("\r\nContent-Length: ");
    append_number(out, *head.content_length);
  }
  if (!head.keep_alive) {
    out.append("\r\nConnection: close");
  } else if (head.minor_version == 0) {
    out.append("\r\nConnection: keep-alive");
  }
  out.append("\r\n\r\n");
}

void append_interim(std::string& out, unsigned status) {
  append_status_line(out, status);
  out.append("\r\n\r\n");
}

void append_chunk(std::string& out, std::string_view piece) {
  std::array<char, 16> digits{};
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), piece.size(), 16).ptr;
  out.append(digits.data(), end).append("\r\n").append(piece).append("\r\n");
}

void append_last_chunk(std::string& out) { out.append("0\r\n\r\n"); }

}  // namespace sevenstops::http
