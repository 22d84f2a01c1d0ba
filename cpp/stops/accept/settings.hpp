#pragma once

#include <cstdint>

#include "base/setting.hpp"
#include "stops/accept/admission/settings.hpp"

namespace sevenstops::stops {

/// Accept: how new connections leave the kernel's queue, and how many requests are admitted.
struct AcceptSettings {
  std::int64_t backlog = 4096;
  bool drain_queue = true;
  bool reuse_port = true;
  std::int64_t max_connections = 20000;
  AdmissionSettings admission;

  bool operator==(const AcceptSettings&) const = default;

  template <class Self, class Visit>
  static void fields(Self& s, Visit&& visit) {
    visit("backlog", s.backlog,
          {"connections", 1, 65535,
           "length asked of listen(); the kernel caps it at net.core.somaxconn"});
    visit("drain_queue", s.drain_queue,
          base::about_switch("take every waiting connection on each wake-up instead of one"));
    visit("reuse_port", s.reuse_port,
          base::about_switch(
              "one listener per I/O thread (SO_REUSEPORT) instead of one shared by all"));
    visit(
        "max_connections", s.max_connections,
        {"connections", 1, 1000000,
         "open connections beyond which the one that has been silent longest is closed for a new "
         "one, or, where all speak, the new one gets 503; at most the process's descriptors less a "
         "reserve"});
    visit.group("admission", s.admission);
  }
};

}  // namespace sevenstops::stops
