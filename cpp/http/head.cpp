#include "http/head.hpp"

#include <algorithm>

#include "http/authority.hpp"
#include "http/characters.hpp"

namespace sevenstops::http {
namespace {

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

// RFC 3986, 3.3 and 3.4.
bool valid_characters(std::string_view target, bool browser_queries) {
  const auto question = std::min(target.find('?'), target.size());
  const auto& in_query = browser_queries ? browser_query_characters : query_characters;
  return all_in(path_characters, target.substr(0, question)) &&
         all_in(in_query, target.substr(question));
}

Outcome<void> parse_target(Request& request, const Leniency& leniency) {
  auto target = request.target;
  if (target.empty()) {
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
    if (scheme_end == std::string_view::npos) {
      return Reason::target_form;
    }
    if (const auto fits = check_scheme(request, target.substr(0, scheme_end), leniency); !fits) {
      return fits;
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
    if (path_start == std::string_view::npos && request.method == "OPTIONS") {
      // RFC 9110, 4.2.3: there alone no path is not the same as "/".
      request.path = "*";
      return {};
    }
    target = path_start == std::string_view::npos ? std::string_view("/") : rest.substr(path_start);
    if (target.front() != '/') {
      return Reason::target_form;
    }
  }
  if (!valid_characters(target, leniency.browser_queries)) {
    return Reason::target;
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
  // RFC 9110, 2.5 would have 1.2 read as 1.1: nobody speaks it, and proxies differ in what they
  // make of it.
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    const bool other_version = version.size() == 8 && version.starts_with("HTTP/") &&
                               is_digit(version[5]) && version[6] == '.' && is_digit(version[7]);
    return other_version ? Reason::version : Reason::request_line;
  }
  request.minor_version = version.back() - '0';
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

Outcome<void> parse_head(Request& request, const Leniency& leniency) {
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
  return check_message(request, leniency);
}

bool valid_method(std::string_view method) {
  constexpr std::size_t longest_method = 16;
  return !method.empty() && method.size() <= longest_method && all_in(token_characters, method);
}

Outcome<void> check_scheme(const Request& request, std::string_view scheme,
                           const Leniency& leniency) {
  if (iequals(scheme, "https")) {
    return request.secure || leniency.https_without_tls ? Outcome<void>() : Reason::misdirected;
  }
  return iequals(scheme, "http") ? Outcome<void>() : Reason::target_form;
}

Outcome<void> check_message(Request& request, const Leniency& leniency) {
  if (const auto framing = check_framing(request, leniency.both_framings); !framing) {
    return framing;
  }
  return parse_target(request, leniency);
}

}  // namespace sevenstops::http
