#include "service/settings.hpp"

namespace sevenstops::service {

Settings hardened() { return {}; }

Settings fragile() {
  Settings s;
  s.accept = {.backlog = 16,
              .somaxconn = 0,
              .drain_queue = false,
              .reuse_port = false,
              .max_connections = 20000,
              .close_silent = false,
              .queue_time = 0,
              .tls_timeout = 60};
  s.parse = {.both_framings = http::BothFramings::chunked,
             .request_line_limit = 8192,
             .header_limit = std::int64_t{64} << 20,
             .header_count = 1000000,
             .body_limit = std::int64_t{32} << 20,
             .check_before_buffering = false,
             .head_timeout = 60,
             .body_timeout = 60,
             .body_rate = 0,
             .idle_timeout = 60,
             .byte_budget = std::int64_t{1} << 30};
  s.parse.http2 = {.stream_window = 65535,
                   .resets = 0,
                   .made_resets = 0,
                   .pings = 0,
                   .settings = 0,
                   .priorities = 0,
                   .empty_frames = 0,
                   .window_updates = 0,
                   .continuations = 0,
                   .acknowledgements = 1000000};
  s.route = {.tree = false, .odd_paths = stops::OddPaths::raw};
  s.middleware.closed_by_default = false;
  s.middleware.body_after_auth = false;
  s.middleware.error_boundary = stops::ErrorBoundary::innermost;
  s.middleware.rate_limit_first = false;
  s.handle.propagate_deadline = false;
  s.handle.off_loop = false;
  s.handle.bulkheads = false;
  s.handle.cancel = false;
  s.handle.hedge.most = 0;
  s.handle.pool.total = 256;
  s.handle.retry.most = 1000;
  s.handle.retry.budget = 1000;
  s.handle.retry.jitter = false;
  s.handle.breaker.share = 0;
  s.handle.optional.partial = false;
  s.serialize = {.page_limit = 1000000, .compiled = false, .compress = {.everything = true}};
  s.drain = {.await_writes = false,
             .high_water = 65536,
             .write_timeout = 60,
             .linger_timeout = 1.0,
             .send_buffer = 65536,
             .no_delay = false,
             .grace = 0};
  return s;
}

}  // namespace sevenstops::service
