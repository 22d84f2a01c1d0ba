#pragma once

#include <array>
#include <cstdint>
#include <string_view>

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

inline constexpr std::array<std::string_view, 3> listeners_words = {"per_thread", "one_acceptor",
                                                                    "shared"};

/// Accept: how new connections leave the kernel's queue, and how many requests are admitted.
struct AcceptSettings {
  std::int64_t backlog = 4096;
  std::int64_t somaxconn = 0;
  bool drain_queue = true;
  Listeners listeners = Listeners::per_thread;
  std::int64_t max_connections = 20000;
  bool close_silent = true;
  double queue_time = 1.0;
  AdmissionSettings admission;

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
    visit("listeners", s.listeners,
          base::about_choice(listeners_words,
                             "each I/O thread takes connections from a listener of its own "
                             "(SO_REUSEPORT), or one takes them and deals them out in turn, or all "
                             "take them from one listener that they share"));
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
    visit.group("admission", s.admission);
  }
};

}  // namespace sevenstops::stops
