#include "http/http2_head.hpp"

#include <algorithm>
#include <utility>

#include "http/characters.hpp"

namespace sevenstops::http {

void Http2Head::add(std::string_view name, std::string_view value) {
  // RFC 9113, 6.5.2: what each field is taken to cost besides.
  constexpr std::int64_t overhead = 32;
  list_size_ += static_cast<std::int64_t>(name.size() + value.size()) + overhead;
  const bool pseudo = name.starts_with(':');
  count_ += pseudo ? 0 : 1;
  if (list_size_ > limits_.head || count_ > limits_.fields) {
    return;
  }
  const Piece piece{.begin = text_.size(), .name = name.size(), .value = value.size()};
  text_.append(name).append(value);
  if (!pseudo) {
    cookies_ += name == "cookie" ? 1 : 0;
    fields_.push_back(piece);
  } else if (name == ":method") {
    method_ = piece;
  } else if (name == ":scheme") {
    scheme_ = piece;
  } else if (name == ":authority") {
    authority_ = piece;
  } else if (name == ":path") {
    path_ = piece;
  }
}

std::optional<Reason> Http2Head::beyond(const HeadLimits& limits) const {
  // As a request line would be: with its two spaces, and the line's end.
  constexpr std::string_view around = "  HTTP/2.0\r\n";
  const auto line = around.size() + method_.value_or(Piece()).value + path_.value_or(Piece()).value;
  if (std::cmp_greater(line, limits.request_line)) {
    return Reason::request_line_limit;
  }
  if (list_size_ > limits.head) {
    return Reason::header_limit;
  }
  if (count_ > limits.fields) {
    return Reason::header_count;
  }
  return std::nullopt;
}

// RFC 9113, 8.2.3: to others than HTTP/2 they are one field.
void Http2Head::join_cookies() {
  std::string joined;
  std::size_t last = 0;
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    if (name(fields_[i]) == "cookie") {
      joined.append(joined.empty() ? "" : "; ")
          .append(text_, fields_[i].begin + fields_[i].name, fields_[i].value);
      last = i;
    }
  }
  constexpr std::string_view cookie = "cookie";
  fields_[last] = {.begin = text_.size(), .name = cookie.size(), .value = joined.size()};
  text_.append(cookie).append(joined);
  const auto others =
      std::remove_if(fields_.begin(), fields_.begin() + static_cast<std::ptrdiff_t>(last),
                     [&](const Piece& piece) { return name(piece) == cookie; });
  fields_.erase(others, fields_.begin() + static_cast<std::ptrdiff_t>(last));
}

Outcome<void> Http2Head::finish(Request& request, const HeadLimits& limits, bool ended,
                                const Leniency& leniency) {
  for (const auto& each : {limits_, limits}) {
    if (const auto reason = beyond(each)) {
      return *reason;
    }
  }
  if (cookies_ > 1) {
    join_cookies();
  }
  request.major_version = 2;
  request.head = std::move(text_);
  const auto value = [&](const std::optional<Piece>& piece) {
    return piece ? std::string_view(request.head).substr(piece->begin + piece->name, piece->value)
                 : std::string_view();
  };
  request.method = value(method_);
  const auto authority = value(authority_);
  // CONNECT has an authority and no path (RFC 9113, 8.5).
  request.target = path_ ? value(path_) : authority;
  request.fields.reserve(fields_.size() + 1);
  if (authority_) {
    request.fields.push_back({"host", authority});
  }
  for (const auto& piece : fields_) {
    const HeaderField field{std::string_view(request.head).substr(piece.begin, piece.name),
                            value(piece)};
    if (authority_ && field.name == "host") {
      // A pair that disagrees is refused, so that no layer in front can have gone by the other one.
      if (!iequals(field.value, authority)) {
        return Reason::host;
      }
      continue;
    }
    request.fields.push_back(field);
  }
  if (!valid_method(request.method)) {
    return Reason::method_token;
  }
  // An absolute form has its scheme and authority elsewhere here.
  const auto scheme = value(scheme_);
  const bool form = !path_ || request.target.starts_with('/') || request.target == "*";
  if (!form) {
    return Reason::target_form;
  }
  if (const auto fits = scheme_ ? check_scheme(request, scheme, leniency) : Outcome<void>();
      !fits) {
    return fits;
  }
  const auto checked = check_message(request, leniency);
  request.chunked = !ended && !request.content_length;
  return checked;
}

}  // namespace sevenstops::http
