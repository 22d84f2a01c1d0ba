#pragma once

#include <array>
#include <boost/asio/ip/address.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/stop.hpp"
#include "base/time.hpp"
#include "http/request.hpp"
#include "stops/caller.hpp"
#include "stops/content.hpp"
#include "stops/incoming.hpp"
#include "stops/writer.hpp"

namespace sevenstops::stops {

/// How long a request was in each stop; nothing for a stop that it has not left.
using Timings = std::array<std::optional<Clock::duration>, base::stop_names.size()>;

/// One request and its response on their way through the stops. The protocol beneath makes it: a
/// connection of HTTP/1.1 one after the other, one of HTTP/2 one for each stream.
struct Exchange {
  http::Request& request;
  Incoming& incoming;
  Content& content;
  Caller& caller;
  Writer& writer;
  /// The peer's address, for the log.
  std::string_view peer;
  Timings timings{};
  /// When it left the last of them, which is when it comes to the next.
  Clock::time_point left{};
  /// The id of a trace that began here; empty when it came with the request, or there is none.
  std::string trace_begun{};
  /// The same address, where a rate is limited by it.
  boost::asio::ip::address address{};
};

}  // namespace sevenstops::stops
