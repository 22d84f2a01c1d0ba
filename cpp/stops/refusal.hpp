#pragma once

#include <boost/system/result.hpp>
#include <string_view>

namespace sevenstops {

/// Why a stop gave back no value. It leaves through drain, as every response does.
struct Refusal {
  /// A word for the counters, e.g. "header_limit"; always a literal.
  const char* reason = "closed";
  /// HTTP status; 0: nothing can be answered (the peer is gone), only the connection ends.
  unsigned status = 0;
  /// Whether the connection ends with the answer.
  bool close = true;
  /// For 405: the methods that the path takes, parted by commas; lives as long as the router.
  const char* allow = nullptr;
};

/// A stop's value or its refusal, never both.
template <class Value>
using Outcome = boost::system::result<Value, Refusal>;

[[noreturn]] void throw_exception_from_error(const Refusal& refusal, const boost::source_location&);

}  // namespace sevenstops
