#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/setting.hpp"
#include "http/chunked.hpp"
#include "http/head.hpp"
#include "stops/http2_settings.hpp"

namespace sevenstops::stops {

/// In the order of http::BothFramings.
inline constexpr std::array<std::string_view, 3> both_framings_words = {"refuse", "chunked",
                                                                        "length"};

/// Parse: what a request may cost before it is refused.
struct ParseSettings {
  http::BothFramings both_framings = http::BothFramings::refuse;
  bool browser_queries = false;
  bool https_without_tls = false;
  std::int64_t request_line_limit = 8192;
  std::int64_t header_limit = 16384;
  std::int64_t header_count = 100;
  std::int64_t body_limit = 1 << 20;
  std::int64_t chunk_extension_limit = 256;
  std::int64_t trailer_limit = 4096;
  std::int64_t trailer_count = 32;
  bool check_before_buffering = true;
  double head_timeout = 10.0;
  double body_timeout = 10.0;
  std::int64_t body_rate = 4096;
  double idle_timeout = 130.0;
  std::int64_t byte_budget = 64 << 20;
  Http2Settings http2;

  /// What is let pass.
  [[nodiscard]] http::Leniency leniency() const {
    return {.both_framings = both_framings,
            .browser_queries = browser_queries,
            .https_without_tls = https_without_tls};
  }

  /// What a chunked body may bring besides.
  [[nodiscard]] http::ChunkLimits chunk_limits() const {
    return {.extension = chunk_extension_limit,
            .trailer = {.bytes = trailer_limit, .fields = trailer_count}};
  }

  bool operator==(const ParseSettings&) const = default;

  template <class Self, class Visit>
  static void fields(Self& s, Visit&& visit) {
    visit("both_framings", s.both_framings,
          base::about_choice(both_framings_words,
                             "a request with Content-Length and Transfer-Encoding is refused "
                             "(400), framed by its chunks, or framed by its length"));
    visit("browser_queries", s.browser_queries,
          base::about_switch("take []{}|^`\\ in a query as browsers send them, though RFC 3986 has "
                             "them escaped"));
    visit(
        "https_without_tls", s.https_without_tls,
        base::about_switch("take a target of https on a connection without TLS, as a gateway that "
                           "ends TLS may send it; otherwise it gets 421"));
    visit("request_line_limit", s.request_line_limit,
          {"bytes", 64, base::gibibyte, "longest request line; beyond it 414"});
    visit("header_limit", s.header_limit,
          {"bytes", 256, base::gibibyte, "largest head, request line included; beyond it 431"});
    visit("header_count", s.header_count,
          {"fields", 1, 1000000, "most header fields; beyond it 431"});
    visit("body_limit", s.body_limit, {"bytes", 0, base::gibibyte, "largest body; beyond it 413"});
    visit("chunk_extension_limit", s.chunk_extension_limit,
          {"bytes", 0, base::gibibyte,
           "longest extensions of a chunk, 16 times as long those of a body; beyond it 400"});
    visit("trailer_limit", s.trailer_limit,
          {"bytes", 0, base::gibibyte, "largest trailer; beyond it 431"});
    visit("trailer_count", s.trailer_count,
          {"fields", 0, 1000000, "most fields of a trailer; beyond it 431"});
    visit("check_before_buffering", s.check_before_buffering,
          base::about_switch("hold heads and bodies against their limits as bytes come, instead of "
                             "once they are whole, up to 64 MiB each"));
    visit("head_timeout", s.head_timeout,
          {"seconds", 0.01, base::hour,
           "time for a whole head once its first byte is there; beyond it 408"});
    visit("body_timeout", s.body_timeout,
          {"seconds", 0.01, base::hour,
           "time that a body has before `body_rate` is asked of it; beyond it 408"});
    visit("body_rate", s.body_rate,
          {"bytes/s", 0, base::gibibyte,
           "slowest that a body may come, after the time that `body_timeout` gives it; 0: the time "
           "is for the whole body"});
    visit("idle_timeout", s.idle_timeout,
          {"seconds", 0.01, base::hour,
           "silence between two requests after which the connection is closed: longer than a proxy "
           "in front keeps it (nginx does for 60 s, Caddy for 120 s)"});
    visit(
        "byte_budget", s.byte_budget,
        {"bytes", 65536, base::gibibyte,
         "most that bodies, output and buffers of all connections may hold; beyond it the slowest "
         "connection is ended, and where none is too slow a body gets 503"});
    visit.group("http2", s.http2);
  }
};

}  // namespace sevenstops::stops
