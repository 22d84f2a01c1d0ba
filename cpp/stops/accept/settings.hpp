#pragma once

#include <cstdint>

#include "base/setting.hpp"
#include "stops/accept/admission/settings.hpp"

namespace sevenstops::stops {

/// From how many queues of the kernel the I/O threads take connections.
enum class Listeners : std::uint8_t {
  /// Each thread from a listener of its own (SO_REUSEPORT).
  per_thread,
  /// One thread from the only listener; it deals them out in turn.
  one_acceptor,
  /// Every thread from the only listener.
  shared
};

/// Accept: how new connections leave the kernel's queue, and how many requests are admitted.
struct AcceptSettings {
  std::int64_t backlog = 4096;
  std::int64_t somaxconn = 0;
  bool drain_queue = true;
  bool reuse_port = true;
  bool share_listener = false;
  bool take_over = false;
  std::int64_t max_connections = 20000;
  bool close_silent = true;
  double queue_time = 1.0;
  double tls_timeout = 5.0;
  AdmissionSettings admission;

  [[nodiscard]] Listeners listeners() const {
    if (share_listener) {
      return Listeners::shared;
    }
    return reuse_port ? Listeners::per_thread : Listeners::one_acceptor;
  }

  bool operator==(const AcceptSettings&) const = default;

  template <class Self, class Visit>
  static void fields(Self& s, Visit&& visit) {
    visit("backlog", s.backlog,
          {"connections", 1, 65535,
           "length asked of listen(); the kernel caps it at net.core.somaxconn"});
    visit("somaxconn", s.somaxconn,
          {"connections", 0, 65535,
           "what net.core.somaxconn is raised to before listening, where it is lower and the "
           "service may; 0: left as it is"});
    visit("drain_queue", s.drain_queue,
          base::about_switch("take every waiting connection on each wake-up instead of one"));
    visit("reuse_port", s.reuse_port,
          base::about_switch("a listener for each I/O thread (SO_REUSEPORT) instead of one thread "
                             "that takes connections and deals them out in turn"));
    visit("share_listener", s.share_listener,
          base::about_switch("all I/O threads take connections from one listener, whatever "
                             "`reuse_port` says: one that is stuck keeps none from the others"));
    visit("take_over", s.take_over,
          base::about_switch("share the port with the service that is there, and is to end then; "
                             "`reuse_port` has to be on in both"));
    visit("max_connections", s.max_connections,
          {"connections", 1, 1000000,
           "open connections beyond which a new one gets 503, unless `close_silent` finds it a "
           "place; "
           "at most the process's descriptors less a reserve"});
    visit("close_silent", s.close_silent,
          base::about_switch("for a new connection beyond `max_connections` close the one that has "
                             "been silent longest, if there is one between two requests"));
    visit("queue_time", s.queue_time,
          {"seconds", 0, base::hour,
           "longest that a connection may have waited in the kernel's queue; beyond it 503, since "
           "who made it has likely given up; 0: any time"});
    visit("tls_timeout", s.tls_timeout,
          {"seconds", 0.01, base::hour,
           "time for a TLS handshake, where the service speaks TLS; beyond it the connection is "
           "closed"});
    visit.group("admission", s.admission);
  }
};

}  // namespace sevenstops::stops
