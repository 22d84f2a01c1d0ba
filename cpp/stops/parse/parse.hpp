#pragma once

#include "http/head.hpp"
#include "http/request.hpp"
#include "stops/bytes.hpp"
#include "stops/caller.hpp"
#include "stops/content.hpp"
#include "stops/parse/settings.hpp"

namespace sevenstops::stops {

/// Parse: bytes become a request.
class Parse {
 public:
  explicit Parse(const ParseSettings& settings)
      : settings_(settings),
        limits_{.request_line = settings.request_line_limit,
                .head = settings.header_limit,
                .fields = settings.header_count} {}

  /// Waits for the next head of HTTP/1 and reads it into `request`. Refuses with `closed` when the
  /// peer is gone within a head, and with `idle` between two requests, where it may also have been
  /// silent for `idle_timeout`. `request.arrived` is the time of the head's first byte.
  [[nodiscard]] asio::awaitable<http::Outcome<void>> head(Bytes& bytes,
                                                          http::Request& request) const;

  /// Refuses by the declared length alone; what can be known before anything is read.
  [[nodiscard]] http::Outcome<void> declared(const http::Request& request) const;

  /// Reads the request's body into `request.body`, answering `Expect: 100-continue` first. With
  /// `check_before_buffering` an oversized body is refused by its declared length; without, it is
  /// kept up to `body_limit` and refused at its end.
  [[nodiscard]] asio::awaitable<http::Outcome<void>> body(http::Request& request, Content& content,
                                                          Caller& caller) const;

  [[nodiscard]] const ParseSettings& settings() const { return settings_; }

 private:
  ParseSettings settings_;
  http::HeadLimits limits_;
};

}  // namespace sevenstops::stops
