#include "stops/access_log.hpp"

#include <array>
#include <charconv>

#include "http/trace.hpp"

namespace sevenstops::stops {
namespace {

// RFC 8259, 7. What is refused may hold any byte, so those beyond ASCII are escaped as well.
void append_text(std::string& out, std::string_view name, std::string_view value) {
  constexpr std::string_view hex = "0123456789abcdef";
  out.append(",\"").append(name).append("\":\"");
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (byte < 0x20 || byte >= 0x7f) {
      out.append("\\u00");
      out.push_back(hex[byte >> 4]);
      out.push_back(hex[byte & 15]);
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

template <class Number, class... Format>
void append_number(std::string& out, std::string_view name, Number value, Format... format) {
  std::array<char, 32> digits{};
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), value, format...).ptr;
  out.append(",\"").append(name).append("\":").append(digits.data(), end);
}

std::string_view protocol_of(const http::Request& request) {
  if (request.major_version == 2) {
    return "HTTP/2.0";
  }
  return request.minor_version == 0 ? "HTTP/1.0" : "HTTP/1.1";
}

// That of the trace that came, or else of the one that began here.
std::string trace_id(const Exchange& exchange) {
  const auto* parent = exchange.request.find("traceparent");
  const auto trace = parent == nullptr ? std::nullopt : http::parse_traceparent(parent->value);
  return trace ? trace->id : exchange.trace_begun;
}

std::string line(const http::Request& request, std::string_view peer, std::string_view protocol,
                 unsigned status, std::uint64_t bytes, std::string_view trace,
                 std::optional<http::Reason> refused, const Timings& timings) {
  constexpr std::size_t usual = 384;
  constexpr int microseconds = 6;
  std::string out;
  out.reserve(usual);
  append_text(out, "peer", peer);
  append_text(out, "method", request.method);
  append_text(out, "target", request.target);
  append_text(out, "protocol", protocol);
  append_number(out, "status", status);
  append_number(out, "bytes", bytes);
  append_text(out, "trace", trace);
  append_text(out, "refused", refused ? http::info(*refused).name : std::string_view());
  for (std::size_t stop = 0; stop < timings.size(); ++stop) {
    if (const auto& taken = timings[stop]) {
      append_number(out, base::stop_names[stop], base::in_seconds(*taken), std::chars_format::fixed,
                    microseconds);
    } else {
      out.append(",\"").append(base::stop_names[stop]).append("\":null");
    }
  }
  return out;
}

}  // namespace

std::string access_line(const Exchange& exchange, unsigned status, std::uint64_t bytes,
                        std::optional<http::Reason> refused) {
  return line(exchange.request, exchange.peer, protocol_of(exchange.request), status, bytes,
              trace_id(exchange), refused, exchange.timings);
}

std::string refusal_line(std::string_view peer, std::string_view protocol, http::Reason refused) {
  return line({}, peer, protocol, 0, 0, {}, refused, {});
}

}  // namespace sevenstops::stops
