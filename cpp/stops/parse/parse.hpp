#pragma once

#include "http/head.hpp"
#include "http/request.hpp"
#include "stops/bytes.hpp"
#include "stops/caller.hpp"
#include "stops/content.hpp"
#include "stops/parse/metrics.hpp"
#include "stops/parse/settings.hpp"

namespace sevenstops::stops {

/// Parse: bytes become a request.
class Parse {
 public:
  /// The most that is kept of a head, or of a body, before it is held against a limit that is
  /// smaller, where that comes last.
  static constexpr std::int64_t bound = std::int64_t{64} << 20;

  /// `counted` has to outlive it. Throws std::invalid_argument where the byte budget has no room
  /// for a body that is within the limit.
  explicit Parse(const ParseSettings& settings, ParseMetrics* counted = nullptr);

  /// Waits for the next head of HTTP/1 and reads it into `request`. Refuses with `closed` when the
  /// peer is gone within a head, and with `idle` between two requests, where it may also have been
  /// silent for `idle_timeout`. `request.arrived` is the time of the head's first byte. Without
  /// `check_before_buffering` the limits are asked when the head is whole (as in CVE-2024-27316).
  [[nodiscard]] asio::awaitable<http::Outcome<void>> head(Bytes& bytes,
                                                          http::Request& request) const;

  /// Refuses by the declared length alone; what can be known before anything is read.
  [[nodiscard]] http::Outcome<void> declared(const http::Request& request) const;

  /// Reads the request's body into `request.body`, answering `Expect: 100-continue` first. With
  /// `check_before_buffering` an oversized body is refused by its declared length, or when so much
  /// has come; without, at its end.
  [[nodiscard]] asio::awaitable<http::Outcome<void>> body(http::Request& request, Content& content,
                                                          Caller& caller) const;

  /// The limit for what is read of a body.
  [[nodiscard]] std::uint64_t most_body() const;

  [[nodiscard]] const ParseSettings& settings() const { return settings_; }

 private:
  // How long a body may have taken of which so much has come.
  [[nodiscard]] Clock::duration time_for(std::size_t bytes) const;

  ParseSettings settings_;
  ParseMetrics* counted_;
  // What a head is held against as it comes, and once it is whole.
  http::HeadLimits early_;
  http::HeadLimits limits_;
};

}  // namespace sevenstops::stops
