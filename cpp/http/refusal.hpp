#pragma once

#include <array>
#include <boost/system/result.hpp>
#include <cstdint>
#include <string_view>

#include "base/stop.hpp"

namespace sevenstops::http {

/// Why a request gets no result. Each reason belongs to one stop, which counts it.
enum class Reason : std::uint8_t {
  max_connections,
  accept_queue_time,
  tls_handshake,
  admission,
  admission_queue_time,
  leaving,
  bare_line_feed,
  request_line_limit,
  header_limit,
  header_count,
  head_timeout,
  request_line,
  method_token,
  version,
  target,
  target_escape,
  target_form,
  target_authority,
  misdirected,
  field_line,
  field_name,
  field_value,
  obs_fold,
  host,
  content_length,
  transfer_encoding,
  connection_names_framing,
  repeated_field,
  expectation,
  body_limit,
  body_timeout,
  byte_budget,
  parse_exception,
  chunk_size,
  chunk_extension,
  chunk_line,
  chunk_end,
  trailer_limit,
  trailer_line,
  trailer_field,
  http2_protocol,
  http2_message,
  http2_streams,
  http2_resets,
  http2_made_resets,
  http2_pings,
  http2_settings,
  http2_priorities,
  http2_empty_frames,
  http2_window_updates,
  http2_continuations,
  http2_acknowledgements,
  path_form,
  odd_path,
  no_route,
  method_unknown,
  method_not_allowed,
  unauthenticated,
  rate_limit,
  middleware_exception,
  query,
  no_user,
  no_dependency,
  deadline_header,
  deadline,
  dependency_failed,
  dependency_stopped,
  worker_queue,
  worker_queue_time,
  fault,
  handle_exception,
  serialize_exception,
  precondition,
  write_timeout,
  stream_broken,
  // What follows ends without an answer, and nothing was refused.
  closed,
  idle,
  client_left,
  stopping
};

/// What a reason means to others.
struct ReasonInfo {
  Reason reason;
  base::Stop stop;
  /// HTTP status; 0: there is nobody, or no way, to answer.
  unsigned status;
  /// The word in counters, logs and the body of the answer.
  std::string_view name;
  /// Whether the connection can't go on: what follows on it can't be trusted, or won't be read.
  bool ends_connection = false;
  /// What Retry-After says at least, in seconds; 0: nothing.
  unsigned retry_after = 0;
};

/// Every reason, in the order of the enumeration.
inline constexpr std::array reasons = {
    ReasonInfo{Reason::max_connections, base::Stop::accept, 503, "max_connections", true, 1},
    ReasonInfo{Reason::accept_queue_time, base::Stop::accept, 503, "accept_queue_time", true, 1},
    ReasonInfo{Reason::tls_handshake, base::Stop::accept, 0, "tls_handshake", true},
    ReasonInfo{Reason::admission, base::Stop::accept, 503, "admission", false, 1},
    ReasonInfo{Reason::admission_queue_time, base::Stop::accept, 503, "admission_queue_time", false,
               1},
    ReasonInfo{Reason::leaving, base::Stop::accept, 503, "leaving", true, 1},
    ReasonInfo{Reason::bare_line_feed, base::Stop::parse, 400, "bare_line_feed", true},
    ReasonInfo{Reason::request_line_limit, base::Stop::parse, 414, "request_line_limit", true},
    ReasonInfo{Reason::header_limit, base::Stop::parse, 431, "header_limit", true},
    ReasonInfo{Reason::header_count, base::Stop::parse, 431, "header_count", true},
    ReasonInfo{Reason::head_timeout, base::Stop::parse, 408, "head_timeout", true},
    ReasonInfo{Reason::request_line, base::Stop::parse, 400, "request_line", true},
    ReasonInfo{Reason::method_token, base::Stop::parse, 400, "method", true},
    ReasonInfo{Reason::version, base::Stop::parse, 505, "version", true},
    ReasonInfo{Reason::target, base::Stop::parse, 400, "target", true},
    ReasonInfo{Reason::target_escape, base::Stop::parse, 400, "target_escape", true},
    ReasonInfo{Reason::target_form, base::Stop::parse, 400, "target_form", true},
    ReasonInfo{Reason::target_authority, base::Stop::parse, 400, "target_authority", true},
    ReasonInfo{Reason::misdirected, base::Stop::parse, 421, "misdirected", true},
    ReasonInfo{Reason::field_line, base::Stop::parse, 400, "field_line", true},
    ReasonInfo{Reason::field_name, base::Stop::parse, 400, "field_name", true},
    ReasonInfo{Reason::field_value, base::Stop::parse, 400, "field_value", true},
    ReasonInfo{Reason::obs_fold, base::Stop::parse, 400, "obs_fold", true},
    ReasonInfo{Reason::host, base::Stop::parse, 400, "host", true},
    ReasonInfo{Reason::content_length, base::Stop::parse, 400, "content_length", true},
    ReasonInfo{Reason::transfer_encoding, base::Stop::parse, 400, "transfer_encoding", true},
    ReasonInfo{Reason::connection_names_framing, base::Stop::parse, 400, "connection_names_framing",
               true},
    ReasonInfo{Reason::repeated_field, base::Stop::parse, 400, "repeated_field", true},
    ReasonInfo{Reason::expectation, base::Stop::parse, 417, "expectation", true},
    ReasonInfo{Reason::body_limit, base::Stop::parse, 413, "body_limit", true},
    ReasonInfo{Reason::body_timeout, base::Stop::parse, 408, "body_timeout", true},
    ReasonInfo{Reason::byte_budget, base::Stop::parse, 503, "byte_budget", true, 1},
    ReasonInfo{Reason::parse_exception, base::Stop::parse, 500, "exception", true},
    ReasonInfo{Reason::chunk_size, base::Stop::parse, 400, "chunk_size", true},
    ReasonInfo{Reason::chunk_extension, base::Stop::parse, 400, "chunk_extension", true},
    ReasonInfo{Reason::chunk_line, base::Stop::parse, 400, "chunk_line", true},
    ReasonInfo{Reason::chunk_end, base::Stop::parse, 400, "chunk_end", true},
    ReasonInfo{Reason::trailer_limit, base::Stop::parse, 431, "trailer_limit", true},
    ReasonInfo{Reason::trailer_line, base::Stop::parse, 400, "trailer_line", true},
    ReasonInfo{Reason::trailer_field, base::Stop::parse, 400, "trailer_field", true},
    ReasonInfo{Reason::http2_protocol, base::Stop::parse, 0, "http2_protocol", true},
    ReasonInfo{Reason::http2_message, base::Stop::parse, 0, "http2_message"},
    ReasonInfo{Reason::http2_streams, base::Stop::parse, 0, "http2_streams"},
    ReasonInfo{Reason::http2_resets, base::Stop::parse, 0, "http2_resets", true},
    ReasonInfo{Reason::http2_made_resets, base::Stop::parse, 0, "http2_made_resets", true},
    ReasonInfo{Reason::http2_pings, base::Stop::parse, 0, "http2_pings", true},
    ReasonInfo{Reason::http2_settings, base::Stop::parse, 0, "http2_settings", true},
    ReasonInfo{Reason::http2_priorities, base::Stop::parse, 0, "http2_priorities", true},
    ReasonInfo{Reason::http2_empty_frames, base::Stop::parse, 0, "http2_empty_frames", true},
    ReasonInfo{Reason::http2_window_updates, base::Stop::parse, 0, "http2_window_updates", true},
    ReasonInfo{Reason::http2_continuations, base::Stop::parse, 0, "http2_continuations", true},
    ReasonInfo{Reason::http2_acknowledgements, base::Stop::parse, 0, "http2_acknowledgements",
               true},
    ReasonInfo{Reason::path_form, base::Stop::route, 400, "path_form"},
    ReasonInfo{Reason::odd_path, base::Stop::route, 400, "odd_path"},
    ReasonInfo{Reason::no_route, base::Stop::route, 404, "no_route"},
    ReasonInfo{Reason::method_unknown, base::Stop::route, 501, "method_unknown"},
    ReasonInfo{Reason::method_not_allowed, base::Stop::route, 405, "method"},
    ReasonInfo{Reason::unauthenticated, base::Stop::middleware, 401, "unauthenticated"},
    ReasonInfo{Reason::rate_limit, base::Stop::middleware, 429, "rate_limit", false, 1},
    ReasonInfo{Reason::middleware_exception, base::Stop::middleware, 500, "exception"},
    ReasonInfo{Reason::query, base::Stop::handle, 400, "query"},
    ReasonInfo{Reason::no_user, base::Stop::handle, 404, "no_user"},
    ReasonInfo{Reason::no_dependency, base::Stop::handle, 404, "no_dependency"},
    ReasonInfo{Reason::deadline_header, base::Stop::handle, 400, "deadline_header"},
    ReasonInfo{Reason::deadline, base::Stop::handle, 504, "deadline"},
    ReasonInfo{Reason::dependency_failed, base::Stop::handle, 502, "dependency_failed"},
    ReasonInfo{Reason::dependency_stopped, base::Stop::handle, 503, "dependency_stopped"},
    ReasonInfo{Reason::worker_queue, base::Stop::handle, 503, "worker_queue"},
    ReasonInfo{Reason::worker_queue_time, base::Stop::handle, 503, "worker_queue_time"},
    ReasonInfo{Reason::fault, base::Stop::handle, 500, "fault"},
    ReasonInfo{Reason::handle_exception, base::Stop::handle, 500, "exception"},
    ReasonInfo{Reason::serialize_exception, base::Stop::serialize, 500, "exception"},
    ReasonInfo{Reason::precondition, base::Stop::serialize, 412, "precondition"},
    ReasonInfo{Reason::write_timeout, base::Stop::drain, 0, "write_timeout", true},
    ReasonInfo{Reason::stream_broken, base::Stop::drain, 0, "stream_broken", true},
    ReasonInfo{Reason::closed, base::Stop::parse, 0, "closed", true},
    ReasonInfo{Reason::idle, base::Stop::parse, 0, "idle", true},
    ReasonInfo{Reason::client_left, base::Stop::handle, 0, "client_left", true},
    ReasonInfo{Reason::stopping, base::Stop::handle, 0, "stopping", true},
};

[[nodiscard]] constexpr std::size_t index(Reason reason) {
  return static_cast<std::size_t>(reason);
}

static_assert(
    [] {
      for (std::size_t i = 0; i < reasons.size(); ++i) {
        if (index(reasons[i].reason) != i) {
          return false;
        }
      }
      return index(Reason::stopping) + 1 == reasons.size();
    }(),
    "the table has every reason in its place");

[[nodiscard]] constexpr const ReasonInfo& info(Reason reason) { return reasons[index(reason)]; }

/// Whether the service refused: a peer that has gone, or kept silent between two requests, was not.
[[nodiscard]] constexpr bool refuses(Reason reason) { return reason < Reason::closed; }

/// Why a stop gave back no value. Its answer, where there is one, leaves through drain as every
/// response does.
struct Refusal {
  constexpr Refusal() = default;
  // Not explicit: a stop says `return Reason::host;`.
  constexpr Refusal(Reason r) : reason(r) {}
  constexpr Refusal(Reason r, std::string_view methods) : reason(r), allow(methods) {}

  Reason reason = Reason::closed;
  /// For 405: the methods that the path takes, parted by commas; lives as long as the router.
  std::string_view allow;

  [[nodiscard]] constexpr unsigned status() const { return info(reason).status; }
  [[nodiscard]] constexpr std::string_view name() const { return info(reason).name; }
};

/// A stop's value or its refusal, never both.
template <class Value>
using Outcome = boost::system::result<Value, Refusal>;

[[noreturn]] void throw_exception_from_error(const Refusal& refusal, const boost::source_location&);

}  // namespace sevenstops::http
