#include "stops/parse/head.hpp"

#include <algorithm>
#include <array>

namespace sevenstops {
namespace {

constexpr Refusal bad(const char* reason) { return {.reason = reason, .status = 400}; }

// RFC 9110, 5.6.2.
constexpr auto token_chars = [] {
  std::array<bool, 256> table{};
  for (int c = 0; c < 256; ++c) {
    table[c] = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  }
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) {
    table[static_cast<unsigned char>(c)] = true;
  }
  return table;
}();

// RFC 3986, 2: what a target may hold; a fragment's '#' never travels.
constexpr auto target_chars = [] {
  std::array<bool, 256> table{};
  for (int c = 0; c < 256; ++c) {
    table[c] = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  }
  for (const char c : std::string_view("-._~:/?@!$&'()*+,;=%[]|")) {
    table[static_cast<unsigned char>(c)] = true;
  }
  return table;
}();

// RFC 9110, 5.5: visible characters, obs-text, space and tab.
constexpr auto value_chars = [] {
  std::array<bool, 256> table{};
  for (int c = 0; c < 256; ++c) {
    table[c] = c == '\t' || (c >= 0x20 && c != 0x7f);
  }
  return table;
}();

bool all_of(std::string_view text, const std::array<bool, 256>& table) {
  return std::ranges::all_of(text, [&](char c) { return table[static_cast<unsigned char>(c)]; });
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool valid_port(std::string_view port) {
  return port.size() <= 5 && std::ranges::all_of(port, is_digit);
}

// RFC 3986, 3.2.2: reg-name, IPv4 or a bracketed IPv6 address, and a port; no user information.
bool valid_authority(std::string_view authority) {
  if (authority.empty()) {
    return false;
  }
  if (authority.front() == '[') {
    const auto end = authority.find(']');
    if (end == std::string_view::npos || end < 3) {
      return false;
    }
    const auto address = authority.substr(1, end - 1);
    const auto rest = authority.substr(end + 1);
    return std::ranges::all_of(address, [](char c) { return is_hex(c) || c == ':' || c == '.'; }) &&
           (rest.empty() || (rest.front() == ':' && valid_port(rest.substr(1))));
  }
  const auto colon = authority.find(':');
  const auto host = authority.substr(0, colon);
  if (host.empty()) {
    return false;
  }
  const bool host_ok = std::ranges::all_of(host, [](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '.' || c == '_' || c == '~';
  });
  return host_ok && (colon == std::string_view::npos || valid_port(authority.substr(colon + 1)));
}

bool valid_escapes(std::string_view text) {
  for (std::size_t i = text.find('%'); i != std::string_view::npos; i = text.find('%', i + 1)) {
    if (i + 2 >= text.size() || !is_hex(text[i + 1]) || !is_hex(text[i + 2])) {
      return false;
    }
    if (text[i + 1] == '0' && text[i + 2] == '0') {
      return false;
    }
  }
  return true;
}

Outcome<void> parse_target(Request& request) {
  auto target = request.target;
  if (target.empty() || !all_of(target, target_chars)) {
    return bad("target");
  }
  if (!valid_escapes(target)) {
    return bad("target_escape");
  }
  if (target == "*") {
    if (request.method != "OPTIONS") {
      return bad("target_form");
    }
    request.path = target;
    return {};
  }
  if (target.front() != '/') {
    const auto scheme_end = target.find("://");
    const bool http =
        scheme_end != std::string_view::npos && (iequals(target.substr(0, scheme_end), "http") ||
                                                 iequals(target.substr(0, scheme_end), "https"));
    if (!http) {
      return bad("target_form");
    }
    const auto rest = target.substr(scheme_end + 3);
    const auto path_start = std::min(rest.find('/'), rest.find('?'));
    const auto authority = rest.substr(0, path_start);
    const auto* host = request.find("host");
    // RFC 9112, 3.2.2 lets the target win; a pair that disagrees is refused, so that no layer
    // in front can have routed by the other one.
    if (!valid_authority(authority) || (host != nullptr && !iequals(authority, host->value))) {
      return bad("target_authority");
    }
    target = path_start == std::string_view::npos ? std::string_view("/") : rest.substr(path_start);
    if (target.front() != '/') {
      return bad("target_form");
    }
  }
  const auto question = target.find('?');
  request.path = target.substr(0, question);
  request.query =
      question == std::string_view::npos ? std::string_view() : target.substr(question + 1);
  return {};
}

Outcome<void> parse_request_line(Request& request, std::string_view line) {
  const auto method_end = line.find(' ');
  if (method_end == std::string_view::npos || method_end == 0) {
    return bad("request_line");
  }
  request.method = line.substr(0, method_end);
  constexpr std::size_t longest_method = 16;
  if (request.method.size() > longest_method || !all_of(request.method, token_chars)) {
    return bad("method");
  }
  const auto target_end = line.find(' ', method_end + 1);
  if (target_end == std::string_view::npos) {
    return bad("request_line");
  }
  request.target = line.substr(method_end + 1, target_end - method_end - 1);
  const auto version = line.substr(target_end + 1);
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    const bool other_version = version.size() == 8 && version.starts_with("HTTP/") &&
                               is_digit(version[5]) && version[6] == '.' && is_digit(version[7]);
    return other_version ? Refusal{.reason = "version", .status = 505} : bad("request_line");
  }
  request.minor_version = version.back() - '0';
  return {};
}

bool lists(std::string_view value, std::string_view word) {
  while (!value.empty()) {
    const auto comma = value.find(',');
    if (iequals(trim(value.substr(0, comma)), word)) {
      return true;
    }
    value = comma == std::string_view::npos ? std::string_view() : value.substr(comma + 1);
  }
  return false;
}

Outcome<void> parse_framing(Request& request) {
  int hosts = 0;
  int lengths = 0;
  int codings = 0;
  bool close = request.minor_version == 0;
  for (const auto& [name, value] : request.fields) {
    if (iequals(name, "host")) {
      ++hosts;
      if (!valid_authority(value)) {
        return bad("host");
      }
    } else if (iequals(name, "content-length")) {
      ++lengths;
      // 18 digits can't overflow 64 bits and leading zeros add nothing an honest sender needs.
      if (value.empty() || value.size() > 18 || !std::ranges::all_of(value, is_digit) ||
          (value.size() > 1 && value.front() == '0')) {
        return bad("content_length");
      }
      std::uint64_t length = 0;
      for (const char c : value) {
        length = length * 10 + static_cast<std::uint64_t>(c - '0');
      }
      request.content_length = length;
    } else if (iequals(name, "transfer-encoding")) {
      ++codings;
      if (!iequals(value, "chunked")) {
        return bad("transfer_encoding");
      }
      request.chunked = true;
    } else if (iequals(name, "connection")) {
      // A framing field or Host named hop-by-hop would be dropped by one layer and not another.
      if (lists(value, "content-length") || lists(value, "transfer-encoding") ||
          lists(value, "host")) {
        return bad("connection_names_framing");
      }
      close = close || lists(value, "close");
      if (request.minor_version == 0 && lists(value, "keep-alive")) {
        close = false;
      }
    } else if (iequals(name, "expect")) {
      if (!iequals(value, "100-continue")) {
        return Refusal{.reason = "expectation", .status = 417};
      }
      request.expects_continue = request.minor_version == 1;
    }
  }
  if (hosts > 1 || (hosts == 0 && request.minor_version == 1)) {
    return bad("host");
  }
  if (lengths > 1) {
    return bad("content_length");
  }
  if (codings > 1 || (codings == 1 && lengths > 0) ||
      (codings == 1 && request.minor_version == 0)) {
    return bad("transfer_encoding");
  }
  request.keep_alive = !close;
  return {};
}

}  // namespace

bool iequals(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return lower(x) == lower(y);
  });
}

const HeaderField* Request::find(std::string_view name) const {
  const auto found =
      std::ranges::find_if(fields, [&](const HeaderField& f) { return iequals(f.name, name); });
  return found == fields.end() ? nullptr : &*found;
}

void Request::clear() {
  head.clear();
  method = target = path = query = {};
  minor_version = 1;
  fields.clear();
  content_length.reset();
  chunked = false;
  keep_alive = true;
  expects_continue = false;
  body.clear();
  if (body.capacity() > (std::size_t{64} << 10)) {
    body.shrink_to_fit();
  }
  body_read = false;
}

Outcome<std::size_t> HeadScanner::scan(std::string_view bytes, const ParseSettings& limits) {
  const auto line_limit = static_cast<std::size_t>(limits.request_line_limit);
  const auto head_limit = static_cast<std::size_t>(limits.header_limit);
  while (position_ < bytes.size()) {
    const auto newline = bytes.find('\n', position_);
    const bool found = newline != std::string_view::npos;
    position_ = found ? newline + 1 : bytes.size();
    if (lines_ == 0 && position_ - line_start_ > line_limit) {
      return Refusal{.reason = "request_line_limit", .status = 414};
    }
    if (position_ > head_limit) {
      return Refusal{.reason = "header_limit", .status = 431};
    }
    if (!found) {
      break;
    }
    if (newline == line_start_ || bytes[newline - 1] != '\r') {
      return bad("bare_line_feed");
    }
    const bool empty = newline == line_start_ + 1;
    line_start_ = position_;
    if (empty) {
      // RFC 9112, 2.2: one empty line before the request line is tolerated.
      if (lines_ > 0) {
        return Outcome<std::size_t>(position_);
      }
      if (newline > 1) {
        return bad("request_line");
      }
      continue;
    }
    if (++lines_ > limits.header_count + 1) {
      return Refusal{.reason = "header_count", .status = 431};
    }
  }
  return Outcome<std::size_t>(std::size_t{0});
}

Outcome<void> parse_head(Request& request) {
  std::string_view rest = request.head;
  if (rest.starts_with("\r\n")) {
    rest.remove_prefix(2);
  }
  const auto next_line = [&rest] {
    const auto end = rest.find("\r\n");
    const auto line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 2);
    return line;
  };
  if (const auto line = parse_request_line(request, next_line()); !line) {
    return line;
  }
  for (auto line = next_line(); !line.empty(); line = next_line()) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) {
      return bad(line.front() == ' ' || line.front() == '\t' ? "obs_fold" : "field_line");
    }
    const auto name = line.substr(0, colon);
    const auto value = trim(line.substr(colon + 1));
    if (!all_of(name, token_chars)) {
      return bad(line.front() == ' ' || line.front() == '\t' ? "obs_fold" : "field_name");
    }
    if (!all_of(value, value_chars)) {
      return bad("field_value");
    }
    request.fields.push_back({name, value});
  }
  if (const auto framing = parse_framing(request); !framing) {
    return framing;
  }
  return parse_target(request);
}

}  // namespace sevenstops
