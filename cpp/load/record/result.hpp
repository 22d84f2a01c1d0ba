#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "load/record/histogram.hpp"
#include "load/record/series.hpp"

namespace sevenstops::load {

/// How a request ended: answered, or why not.
enum class Ending : std::uint8_t {
  answered,
  connect_timeout,
  connect_error,
  read_timeout,
  reset,
  /// The peer closed in order before the answer was whole.
  closed_early,
  /// What came was no HTTP.
  malformed,
  /// This process had no socket to give: the client's trouble, not the service's.
  no_socket,
  tls_error,
  /// No answer when the cool-down was over.
  lost
};
inline constexpr std::array<std::string_view, 10> ending_names = {
    "answered",     "connect_timeout", "connect_error", "read_timeout", "reset",
    "closed_early", "malformed",       "no_socket",     "tls_error",    "lost"};

/// What became of one kind of request.
struct RequestRecord {
  /// From the intended send time to the last byte, of those that were answered.
  Histogram latency;
  /// The same from the actual send: what the difference shows is queueing in the client.
  Histogram response;
  std::array<std::uint64_t, 600> status_counts{};
  std::array<std::uint64_t, ending_names.size()> endings{};
  /// Answers without what the request expects of them.
  std::uint64_t unexpected = 0;

  void merge(const RequestRecord& other);
  [[nodiscard]] std::map<unsigned, std::uint64_t> statuses() const;
  /// By kind: 2xx, 4xx, …, and the endings' names.
  [[nodiscard]] std::map<std::string, std::uint64_t> outcomes() const;
};

/// What became of one crowd; status 0 stands for no answer.
struct CrowdRecord {
  std::uint64_t started = 0;
  std::map<unsigned, std::uint64_t> statuses;
  std::uint64_t bytes_sent = 0;
  std::uint64_t bytes_read = 0;

  void merge(const CrowdRecord& other);
};

/// How requests spent their time, in seconds from one point to the next.
struct PhaseRecord {
  /// Until the connection stood, TLS included; one for each new connection.
  Histogram connect;
  /// From the first byte handed to the kernel to the last one taken by it.
  Histogram send;
  /// From the last byte sent to the first byte back.
  Histogram first_byte;
  /// From the first byte back to the last.
  Histogram last_byte;

  void merge(const PhaseRecord& other);
};

/// Arrivals that could not be sent at their time because the client's own means were used up.
struct BlockedRecord {
  /// No connection (HTTP/2: no stream) was free; how long until one was.
  Histogram seconds;
  std::uint64_t no_connection = 0;
  std::uint64_t no_socket = 0;
  /// The mix asked for more misbehaving clients at once than the plan has.
  std::uint64_t no_client = 0;

  void merge(const BlockedRecord& other);
};

/// How the client itself fared: whether its numbers can be trusted.
struct ClientRecord {
  std::string engine;
  /// How late the timers were: from the intended time to the moment the thread came to the request,
  /// whether or not a connection was free. Open arrivals only.
  Histogram lateness;
  double cpu_seconds = 0;
  /// The busiest thread's share of its core.
  double busiest = 0;

  void merge(const ClientRecord& other);
};

/// A load's result. Latency counts from the intended send time; failures without an answer have
/// an outcome and no latency.
struct LoadResult {
  std::string fingerprint;
  /// From the first intended time to the end of the last request.
  double duration = 0;
  /// From the end of the warm-up to the last send, or to the plan's end where that is later.
  double sending = 0;
  /// Requests that came due after the warm-up; each has one outcome.
  std::uint64_t requests = 0;
  std::uint64_t warm_up_requests = 0;
  RequestRecord all;
  PhaseRecord phases;
  BlockedRecord blocked;
  ClientRecord client;
  std::map<std::string, RequestRecord> by_name;
  std::vector<CrowdRecord> crowds;
  std::vector<IntervalSum> series;
};

}  // namespace sevenstops::load
