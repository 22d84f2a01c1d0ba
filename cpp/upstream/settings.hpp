#pragma once

#include <cstdint>

#include "base/setting.hpp"

namespace sevenstops::upstream {

/// When and how often other replicas are asked beside the first.
struct HedgeSettings {
  std::int64_t most = 2;
  double quantile = 0;
  double budget = 0.05;
  double delay = 0;
  bool tied = false;

  bool operator==(const HedgeSettings&) const = default;

  template <class Self, class Visit>
  static void fields(Self& s, Visit&& visit) {
    visit("most", s.most,
          {"requests", 0, 8, "most other replicas asked while one has not answered"});
    visit("quantile", s.quantile,
          {"", 0, 0.9999,
           "share of answers that came by the time another replica is asked; 0: found by the "
           "service"});
    visit("budget", s.budget, {"", 0, 10, "most hedges, as a share of requests"});
    visit("delay", s.delay,
          {"seconds", 0, base::hour,
           "fixed wait before another replica is asked; 0: by hedge.quantile"});
    visit("tied", s.tied,
          base::about_switch(
              "instead of hedges: a second replica is asked after 1 ms unless the first has begun, "
              "and whichever begins first calls off the other"));
  }
};

/// What is repeated after it failed.
struct RetrySettings {
  std::int64_t most = 2;
  double budget = 0.1;
  double pause = 0.01;
  bool jitter = true;
  double attempt_timeout = 0;

  bool operator==(const RetrySettings&) const = default;

  template <class Self, class Visit>
  static void fields(Self& s, Visit&& visit) {
    visit("most", s.most,
          {"requests", 0, 1000, "most repeats of a request to a service beneath that failed"});
    visit("budget", s.budget, {"", 0, 1000, "most repeats, as a share of requests"});
    visit("pause", s.pause, {"seconds", 0, base::hour, "wait before a request is repeated"});
    visit("jitter", s.jitter,
          base::about_switch("the pause doubles each time, and is drawn between nothing and that"));
    visit("attempt_timeout", s.attempt_timeout,
          {"seconds", 0, base::hour,
           "longest wait for one answer before it is asked for again; 0: as long as there is "
           "time"});
  }
};

/// When a dependency is left alone.
struct BreakerSettings {
  double share = 0.5;
  double pause = 0.25;

  bool operator==(const BreakerSettings&) const = default;

  template <class Self, class Visit>
  static void fields(Self& s, Visit&& visit) {
    visit("share", s.share,
          {"", 0, 1,
           "share of failed requests in a second that stops those to a dependency; 0: never"});
    visit("pause", s.pause,
          {"seconds", 0.001, base::hour, "how long they are stopped before a few are tried"});
  }
};

/// Kept connections.
struct PoolSettings {
  std::int64_t total = 0;
  std::int64_t limit = 256;
  double idle_timeout = 5;

  bool operator==(const PoolSettings&) const = default;

  template <class Self, class Visit>
  static void fields(Self& s, Visit&& visit) {
    visit(
        "total", s.total,
        {"connections", 0, 100000,
         "open connections to all replicas together, per I/O thread, beyond which a request waits "
         "for its turn; 0: no bound"});
    visit("limit", s.limit,
          {"connections", 1, 100000,
           "open connections to one replica, per I/O thread, beyond which a request waits for its "
           "turn"});
    visit("idle_timeout", s.idle_timeout,
          {"seconds", 0.01, base::hour,
           "rest after which a kept connection is closed: less than the peer's idle_timeout"});
  }
};

/// What a page can do without.
struct OptionalSettings {
  bool partial = true;
  double share = 0.5;

  bool operator==(const OptionalSettings&) const = default;

  template <class Self, class Visit>
  static void fields(Self& s, Visit&& visit) {
    visit("partial", s.partial,
          base::about_switch(
              "a page is answered without its optional dependencies when they fail or are late"));
    visit("share", s.share,
          {"", 0, 1, "part of the time left that an optional dependency may take"});
  }
};

/// All of it, as the client needs it.
struct Settings {
  HedgeSettings hedge;
  RetrySettings retry;
  BreakerSettings breaker;
  PoolSettings pool;
  OptionalSettings optional;
  /// Whether requests that nobody needs any more are given up.
  bool cancel = true;
  /// Seconds that a caller usually has; who brings much less can't open a breaker.
  double usual_deadline = 0.3;
};

}  // namespace sevenstops::upstream
