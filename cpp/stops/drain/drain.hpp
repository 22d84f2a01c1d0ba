#pragma once

#include "base/budget.hpp"
#include "base/metrics.hpp"
#include "http/request.hpp"
#include "stops/drain/metrics.hpp"
#include "stops/drain/settings.hpp"
#include "stops/exchange.hpp"
#include "stops/response.hpp"
#include "stops/writer.hpp"

namespace sevenstops::stops {

/// Drain: bytes leave at the client's pace.
class Drain {
 public:
  /// `bytes` counts what was framed; the less is left of `budget`, the lower is the high-water
  /// mark.
  Drain(const DrainSettings& settings, DrainMetrics& metrics, base::Counter& bytes,
        const base::Budget& budget)
      : settings_(settings), metrics_(metrics), bytes_(bytes), budget_(budget) {}

  /// Sends a response to a request that has these timings so far; `keep_alive` is what its head
  /// says. Refuses when the connection has to end: the peer is gone, took nothing for
  /// `write_timeout`, or the stream broke off.
  [[nodiscard]] asio::awaitable<http::Outcome<void>> send(Response& response,
                                                          const http::Request& request,
                                                          const Timings& timings, Writer& writer,
                                                          bool keep_alive);

  [[nodiscard]] const DrainSettings& settings() const { return settings_; }

 private:
  [[nodiscard]] asio::awaitable<http::Outcome<void>> stream(ByteSource& source, Writer& writer);
  [[nodiscard]] std::size_t high_water() const;
  [[nodiscard]] bool wants_timing(const http::Request& request) const;
  [[nodiscard]] Clock::duration write_timeout() const {
    return base::seconds(settings_.write_timeout);
  }

  DrainSettings settings_;
  DrainMetrics& metrics_;
  base::Counter& bytes_;
  const base::Budget& budget_;
};

}  // namespace sevenstops::stops
