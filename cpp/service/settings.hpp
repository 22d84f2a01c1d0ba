#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "stops/settings.hpp"

namespace sevenstops {

/// The preset that shows every characteristic failure.
[[nodiscard]] Settings fragile();
/// The preset that mends them; also the defaults.
[[nodiscard]] Settings hardened();

/// One documented field: its unit, its range and what it means.
struct FieldInfo {
  std::string name;
  std::string type;
  std::string unit;
  double low = 0;
  double high = 0;
  std::string meaning;
};

/// Calls `visit(name, field, unit, low, high, meaning)` for every field, in walking order.
/// The one list of settings: --set, Python, the documentation and equality read it.
template <class AnySettings, class Visitor>
void for_each_field(AnySettings& s, Visitor&& visit) {
  constexpr double gib = 1024.0 * 1024 * 1024;
  visit("accept.backlog", s.accept.backlog, "connections", 1, 65535,
        "length asked of listen(); the kernel caps it at net.core.somaxconn");
  visit("accept.drain_queue", s.accept.drain_queue, "", 0, 1,
        "take every waiting connection on each wake-up instead of one");
  visit("accept.reuse_port", s.accept.reuse_port, "", 0, 1,
        "one listener per I/O thread (SO_REUSEPORT) instead of one shared by all");
  visit("accept.max_connections", s.accept.max_connections, "connections", 1, 1000000,
        "open connections per I/O thread beyond which new ones get 503");
  visit("parse.request_line_limit", s.parse.request_line_limit, "bytes", 64, gib,
        "longest request line; beyond it 414");
  visit("parse.header_limit", s.parse.header_limit, "bytes", 256, gib,
        "largest head, request line included; beyond it 431");
  visit("parse.header_count", s.parse.header_count, "fields", 1, 1000000,
        "most header fields; beyond it 431");
  visit("parse.body_limit", s.parse.body_limit, "bytes", 0, gib, "largest body; beyond it 413");
  visit("parse.check_before_buffering", s.parse.check_before_buffering, "", 0, 1,
        "refuse by the declared length, before a byte of the body is kept");
  visit("parse.head_timeout", s.parse.head_timeout, "seconds", 0.01, 3600,
        "time for a whole head once its first byte is there; beyond it 408");
  visit("parse.body_timeout", s.parse.body_timeout, "seconds", 0.01, 3600,
        "time for a whole body; beyond it 408");
  visit("parse.idle_timeout", s.parse.idle_timeout, "seconds", 0.01, 3600,
        "silence between two requests after which the connection is closed");
  visit("route.tree", s.route.tree, "", 0, 1,
        "radix tree, static before parameter, instead of the first pattern registered");
  visit("route.normalize_paths", s.route.normalize_paths, "", 0, 1,
        "one normal form for paths; a path that is not in it is brought to it before matching");
  visit("middleware.closed_by_default", s.middleware.closed_by_default, "", 0, 1,
        "every layer guards every route unless the route is declared open");
  visit("middleware.body_after_auth", s.middleware.body_after_auth, "", 0, 1,
        "read a body only for requests that were admitted");
  visit("handle.propagate_deadline", s.handle.propagate_deadline, "", 0, 1,
        "one deadline passed down the hops instead of a timeout per hop");
  visit("handle.deadline", s.handle.deadline, "seconds", 0.001, 3600,
        "budget of a request that brings none");
  visit("handle.hop_timeout", s.handle.hop_timeout, "seconds", 0.001, 3600,
        "per-hop timeout where no deadline is passed on");
  visit("handle.hops_below", s.handle.hops_below, "hops", 0, 64,
        "hops beneath this process: without a deadline it waits hop_timeout for each");
  visit("handle.workers", s.handle.workers, "threads", 1, 256,
        "threads that do blocking work off the I/O threads");
  visit("handle.queue_limit", s.handle.queue_limit, "jobs", 1, 1000000,
        "jobs that may wait for a worker; beyond it 503");
  visit("handle.off_loop", s.handle.off_loop, "", 0, 1,
        "blocking work on the workers instead of the I/O threads");
  visit("handle.queue_time", s.handle.queue_time, "seconds", 0.0001, 3600,
        "longest wait for a worker once the queue has not been empty for 0.1 s; beyond it 503");
  visit("handle.cancel", s.handle.cancel, "", 0, 1,
        "give up work, asks and queries once the client has left");
  visit("handle.hedges", s.handle.hedges, "requests", 0, 8,
        "most other replicas asked while one has not answered");
  visit("handle.hedge_quantile", s.handle.hedge_quantile, "", 0, 0.9999,
        "share of answers that came by the time another replica is asked; 0: found by the service");
  visit("handle.hedge_budget", s.handle.hedge_budget, "", 0, 10,
        "most hedges, as a share of requests");
  visit("handle.hedge_delay", s.handle.hedge_delay, "seconds", 0, 3600,
        "fixed wait before another replica is asked; 0: by hedge_quantile");
  visit("handle.tied", s.handle.tied, "", 0, 1,
        "instead of hedges: a second replica is asked after 1 ms unless the first has begun, and "
        "whichever begins first calls off the other");
  visit("handle.attempt_timeout", s.handle.attempt_timeout, "seconds", 0, 3600,
        "longest wait for one answer before it is asked for again; 0: as long as there is time");
  visit("handle.retries", s.handle.retries, "requests", 0, 1000,
        "most repeats of a request to a service beneath that failed");
  visit("handle.retry_budget", s.handle.retry_budget, "", 0, 1000,
        "most repeats, as a share of requests");
  visit("handle.retry_pause", s.handle.retry_pause, "seconds", 0, 3600,
        "wait before a request is repeated");
  visit("handle.retry_jitter", s.handle.retry_jitter, "", 0, 1,
        "the pause doubles each time, and is drawn between nothing and that");
  visit("handle.breaker_share", s.handle.breaker_share, "", 0, 1,
        "share of failed requests in a second that stops those to a dependency; 0: never");
  visit("handle.breaker_pause", s.handle.breaker_pause, "seconds", 0.001, 3600,
        "how long they are stopped before a few are tried");
  visit("handle.partial", s.handle.partial, "", 0, 1,
        "a page is answered without its optional dependencies when they fail or are late");
  visit("handle.optional_share", s.handle.optional_share, "", 0, 1,
        "part of the time left that an optional dependency may take");
  visit("handle.pool_per_dependency", s.handle.pool_per_dependency, "", 0, 1,
        "a limit of connections for each replica instead of one for all together");
  visit("handle.pool_limit", s.handle.pool_limit, "connections", 1, 100000,
        "open connections per I/O thread beyond which a request waits for its turn");
  visit("handle.pool_idle_timeout", s.handle.pool_idle_timeout, "seconds", 0.01, 3600,
        "rest after which a kept connection is closed: less than the peer's idle_timeout");
  visit("serialize.page_limit", s.serialize.page_limit, "rows", 1, 1000000,
        "most rows in one answer; a larger limit= is cut to it");
  visit("serialize.compiled", s.serialize.compiled, "", 0, 1,
        "serializer compiled from the schema instead of a generic JSON document");
  visit("drain.await_writes", s.drain.await_writes, "", 0, 1,
        "wait for the client before producing more");
  visit("drain.high_water", s.drain.high_water, "bytes", 1024, gib,
        "bytes produced ahead of the client");
  visit("drain.write_timeout", s.drain.write_timeout, "seconds", 0.01, 3600,
        "time without a byte taken by the client after which the connection is cut");
  visit("drain.linger_timeout", s.drain.linger_timeout, "seconds", 0, 3600,
        "time an early final answer is given to reach a client that is still sending");
  visit("drain.send_buffer", s.drain.send_buffer, "bytes", 0, gib,
        "SO_SNDBUF of a connection; 0 leaves it to the kernel");
  visit("drain.server_timing", s.drain.server_timing, "", 0, 1,
        "Server-Timing in every answer instead of those to sampled traces only");
}

/// Every field's documentation, in walking order.
[[nodiscard]] std::vector<FieldInfo> field_infos();

/// Sets one field from text, e.g. ("parse.header_limit", "16384") or ("route.tree", "false").
/// Throws std::invalid_argument with one sentence for an unknown name, a value that does not
/// parse, or one out of range.
void set_field(Settings& settings, std::string_view name, std::string_view value);

/// One field as text, in the form that set_field reads. Throws std::invalid_argument.
[[nodiscard]] std::string get_field(const Settings& settings, std::string_view name);

}  // namespace sevenstops
