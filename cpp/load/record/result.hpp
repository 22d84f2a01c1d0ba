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
  /// Of `latency`, the answers other than 2xx: to refuse is quick, and hides how long others take.
  Histogram unsuccessful;
  std::array<std::uint64_t, 600> status_counts{};
  std::array<std::uint64_t, ending_names.size()> endings{};
  /// Answers without what the request expects of them.
  std::uint64_t unexpected = 0;
  /// Requests that came due.
  std::uint64_t due = 0;
  /// Of these, those that were begun: they had a connection, or began to open one. Never more than
  /// `due`; what waited for a connection, a stream or a socket until the end is the difference.
  std::uint64_t sent = 0;
  /// Bytes of them that the kernel (under TLS: the TLS layer) took, heads included; of HTTP/2 the
  /// frames of their streams.
  std::uint64_t bytes_sent = 0;
  /// Bytes that came back, counted in the same place.
  std::uint64_t bytes_received = 0;

  void merge(const RequestRecord& other);
  /// Requests to which a whole final answer came.
  [[nodiscard]] std::uint64_t answered() const { return latency.total(); }
  /// Of `latency`, the 2xx alone.
  [[nodiscard]] Histogram successful() const;
  [[nodiscard]] std::map<unsigned, std::uint64_t> statuses() const;
  /// By kind: 2xx, 4xx, …, and the endings' names.
  [[nodiscard]] std::map<std::string, std::uint64_t> outcomes() const;
};

/// What one client of a crowd got: one conversation, or one whole fetch of a pager.
struct CrowdClient {
  /// Of the last answer; 0 for none.
  unsigned status = 0;
  /// Bytes of content, without the framing.
  std::uint64_t body_bytes = 0;
  /// The digest of the content, in hex.
  std::string sha256;
  /// The answer ended as its framing says; of a pager: the list's end was reached, and every row
  /// came exactly once.
  bool whole = false;
  /// From its start to its end; of a pager from the time the fetch was due.
  double seconds = 0;
  /// Of a pager: pages read, rows by their distinct ids, and rows whose id had come before.
  std::uint64_t pages = 0;
  std::uint64_t rows = 0;
  std::uint64_t repeated = 0;
  /// Of a pager and a keep_alive_user, in a few words: why it is not whole; of the latter also that
  /// its connection had been closed, so that it asked on a new one.
  std::string why;
};

/// What became of one crowd; status 0 stands for no answer.
struct CrowdRecord {
  /// Clients that came due: those from the start, each that begins again, and those that the mix
  /// asked for, whether or not there was one to spare.
  std::uint64_t due = 0;
  std::uint64_t started = 0;
  /// The status that each got.
  std::map<unsigned, std::uint64_t> statuses;
  std::uint64_t bytes_sent = 0;
  std::uint64_t bytes_read = 0;
  /// Of pagers: fetches that came due, begun or not; of keep_alive_users: their requests.
  std::uint64_t fetches_due = 0;
  /// What each got, of the kinds that read, in the order of their ends; the first `most_clients`.
  std::vector<CrowdClient> clients;
  /// Those beyond, which are not listed.
  std::uint64_t clients_cut = 0;

  static constexpr std::size_t most_clients = 4096;

  void add(CrowdClient client);
  void merge(const CrowdRecord& other);
  /// Clients that got a status.
  [[nodiscard]] std::uint64_t answered() const;
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
  /// Requests that came due after the warm-up; each has one outcome. How many of them were sent and
  /// answered `all` knows.
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
