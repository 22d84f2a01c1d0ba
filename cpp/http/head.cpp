#include "http/head.hpp"

#include <algorithm>

#include "base/numbers.hpp"
#include "http/characters.hpp"

namespace sevenstops::http {
namespace {

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
    return std::ranges::all_of(address,
                               [](char c) { return hex_value(c) >= 0 || c == ':' || c == '.'; }) &&
           (rest.empty() || (rest.front() == ':' && valid_port(rest.substr(1))));
  }
  const auto colon = authority.find(':');
  const auto host = authority.substr(0, colon);
  if (host.empty()) {
    return false;
  }
  return all_in(unreserved_characters, host) &&
         (colon == std::string_view::npos || valid_port(authority.substr(colon + 1)));
}

bool valid_escapes(std::string_view text) {
  for (std::size_t i = text.find('%'); i != std::string_view::npos; i = text.find('%', i + 1)) {
    if (i + 2 >= text.size() || hex_value(text[i + 1]) < 0 || hex_value(text[i + 2]) < 0) {
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
  if (target.empty() || !all_in(target_characters, target)) {
    return Reason::target;
  }
  if (!valid_escapes(target)) {
    return Reason::target_escape;
  }
  // RFC 9112, 3.2.3: CONNECT's target is an authority alone; to others what follows is a tunnel.
  if (request.method == "CONNECT") {
    return Reason::target_form;
  }
  if (target == "*") {
    if (request.method != "OPTIONS") {
      return Reason::target_form;
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
      return Reason::target_form;
    }
    const auto rest = target.substr(scheme_end + 3);
    const auto path_start = std::min(rest.find('/'), rest.find('?'));
    const auto authority = rest.substr(0, path_start);
    const auto* host = request.find("host");
    // RFC 9112, 3.2.2 lets the target win; a pair that disagrees is refused, so that no layer
    // in front can have routed by the other one.
    if (!valid_authority(authority) || (host != nullptr && !iequals(authority, host->value))) {
      return Reason::target_authority;
    }
    target = path_start == std::string_view::npos ? std::string_view("/") : rest.substr(path_start);
    if (target.front() != '/') {
      return Reason::target_form;
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
    return Reason::request_line;
  }
  request.method = line.substr(0, method_end);
  if (!valid_method(request.method)) {
    return Reason::method_token;
  }
  const auto target_end = line.find(' ', method_end + 1);
  if (target_end == std::string_view::npos) {
    return Reason::request_line;
  }
  request.target = line.substr(method_end + 1, target_end - method_end - 1);
  const auto version = line.substr(target_end + 1);
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    const bool other_version = version.size() == 8 && version.starts_with("HTTP/") &&
                               is_digit(version[5]) && version[6] == '.' && is_digit(version[7]);
    return other_version ? Reason::version : Reason::request_line;
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

Outcome<void> parse_framing(Request& request, BothFramings both) {
  int hosts = 0;
  int lengths = 0;
  int codings = 0;
  int credentials = 0;
  int types = 0;
  bool close = false;
  bool keep_alive = request.minor_version == 1;
  for (const auto& [name, value] : request.fields) {
    if (iequals(name, "host")) {
      ++hosts;
      if (!valid_authority(value)) {
        return Reason::host;
      }
    } else if (iequals(name, "content-length")) {
      ++lengths;
      // 18 digits can't overflow 64 bits and leading zeros add nothing an honest sender needs.
      if (value.empty() || value.size() > 18 || !std::ranges::all_of(value, is_digit) ||
          (value.size() > 1 && value.front() == '0')) {
        return Reason::content_length;
      }
      request.content_length = base::parse_number<std::uint64_t>(value);
    } else if (iequals(name, "transfer-encoding")) {
      ++codings;
      if (!iequals(value, "chunked")) {
        return Reason::transfer_encoding;
      }
      request.chunked = true;
    } else if (iequals(name, "connection")) {
      // A framing field or Host named hop-by-hop would be dropped by one layer and not another.
      if (lists(value, "content-length") || lists(value, "transfer-encoding") ||
          lists(value, "host")) {
        return Reason::connection_names_framing;
      }
      close = close || lists(value, "close");
      keep_alive = keep_alive || lists(value, "keep-alive");
    } else if (iequals(name, "expect")) {
      if (!iequals(value, "100-continue")) {
        return Reason::expectation;
      }
      request.expects_continue = request.minor_version == 1;
    } else if (iequals(name, "authorization")) {
      ++credentials;
    } else if (iequals(name, "content-type")) {
      ++types;
    }
  }
  if (hosts > 1 || (hosts == 0 && request.minor_version == 1)) {
    return Reason::host;
  }
  if (lengths > 1) {
    return Reason::content_length;
  }
  if (codings > 1 || (codings == 1 && request.minor_version == 0)) {
    return Reason::transfer_encoding;
  }
  if (codings == 1 && lengths == 1) {
    request.both_framings = true;
    if (both == BothFramings::refuse) {
      return Reason::transfer_encoding;
    }
    if (both == BothFramings::chunked) {
      request.content_length.reset();
    } else {
      request.chunked = false;
    }
  }
  // Two layers that each take another one of the two decide on different requests.
  if (credentials > 1 || types > 1) {
    return Reason::repeated_field;
  }
  // RFC 9112, 9.3: close wins.
  request.keep_alive = keep_alive && !close;
  return {};
}

// Whether bytes can still become a request line: a TLS handshake, say, can't, and there is no line
// end to wait for.
bool may_begin(std::string_view bytes) {
  if (bytes.starts_with("\r\n")) {
    bytes.remove_prefix(2);
  }
  return bytes.empty() || bytes == "\r" || bytes.front() == '\n' || bytes.starts_with("\r\n") ||
         in(token_characters, bytes.front());
}

}  // namespace

Outcome<std::size_t> HeadScanner::scan(std::string_view bytes, const HeadLimits& limits) {
  const auto line_limit = static_cast<std::size_t>(limits.request_line);
  const auto head_limit = static_cast<std::size_t>(limits.head);
  if (lines_ == 0 && !may_begin(bytes)) {
    return Reason::request_line;
  }
  while (position_ < bytes.size()) {
    const auto newline = bytes.find('\n', position_);
    const bool found = newline != std::string_view::npos;
    position_ = found ? newline + 1 : bytes.size();
    if (lines_ == 0 && position_ - line_start_ > line_limit) {
      return Reason::request_line_limit;
    }
    if (position_ > head_limit) {
      return Reason::header_limit;
    }
    if (!found) {
      break;
    }
    if (newline == line_start_ || bytes[newline - 1] != '\r') {
      return Reason::bare_line_feed;
    }
    const bool empty = newline == line_start_ + 1;
    line_start_ = position_;
    if (empty) {
      // RFC 9112, 2.2: one empty line before the request line is tolerated.
      if (lines_ > 0) {
        return Outcome<std::size_t>(position_);
      }
      if (newline > 1) {
        return Reason::request_line;
      }
      continue;
    }
    if (++lines_ > limits.fields + 1) {
      return Reason::header_count;
    }
  }
  return Outcome<std::size_t>(std::size_t{0});
}

Outcome<void> parse_head(Request& request, BothFramings both) {
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
      return Refusal(line.front() == ' ' || line.front() == '\t' ? Reason::obs_fold
                                                                 : Reason::field_line);
    }
    const auto name = line.substr(0, colon);
    const auto value = trim(line.substr(colon + 1));
    if (!all_in(token_characters, name)) {
      return Refusal(line.front() == ' ' || line.front() == '\t' ? Reason::obs_fold
                                                                 : Reason::field_name);
    }
    if (!all_in(value_characters, value)) {
      return Reason::field_value;
    }
    request.fields.push_back({name, value});
  }
  return check_message(request, both);
}

bool valid_method(std::string_view method) {
  constexpr std::size_t longest_method = 16;
  return !method.empty() && method.size() <= longest_method && all_in(token_characters, method);
}

Outcome<void> check_message(Request& request, BothFramings both) {
  if (const auto framing = parse_framing(request, both); !framing) {
    return framing;
  }
  return parse_target(request);
}

}  // namespace sevenstops::http
