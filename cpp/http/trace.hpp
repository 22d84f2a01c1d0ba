#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "http/request.hpp"

namespace sevenstops::http {

/// Where a request stands in a distributed trace: W3C Trace Context
/// (https://www.w3.org/TR/trace-context/).
struct Trace {
  /// 32 lower-case hexadecimal digits, not all zero.
  std::string id;
  /// Two digits; bit 0 says that the caller records this trace.
  std::string flags = "00";
  /// The tracestate of a valid traceparent, as it came.
  std::string state;

  [[nodiscard]] bool sampled() const;
};

/// Reads a traceparent; nothing when it isn't valid (section 3.2.2). A version above 00 may carry
/// more behind what is known here.
[[nodiscard]] std::optional<Trace> parse_traceparent(std::string_view text);

/// The trace a request belongs to; nothing when it brings no valid traceparent.
[[nodiscard]] std::optional<Trace> trace_of(const Request& request);

/// A trace that begins here and isn't sampled.
[[nodiscard]] Trace new_trace();

/// The traceparent for a request to a dependency: the trace's id and flags, a parent-id of its own.
[[nodiscard]] std::string child_traceparent(const Trace& trace);

}  // namespace sevenstops::http
