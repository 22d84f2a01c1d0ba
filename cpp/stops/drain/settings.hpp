#pragma once

#include <cstdint>

#include "base/setting.hpp"

namespace sevenstops::stops {

/// Drain: how bytes leave at the client's pace.
struct DrainSettings {
  bool await_writes = true;
  std::int64_t high_water = 65536;
  double write_timeout = 30.0;
  std::int64_t read_rate = 4096;
  double linger_timeout = 1.0;
  std::int64_t linger_bytes = 262144;
  std::int64_t send_buffer = 65536;
  bool no_delay = true;
  bool server_timing = false;
  bool server_timing_sampled = false;
  double notice = 0.0;
  double grace = 10.0;
  double idle_grace = 1.0;

  bool operator==(const DrainSettings&) const = default;

  template <class Self, class Visit>
  static void fields(Self& s, Visit&& visit) {
    visit("await_writes", s.await_writes,
          base::about_switch("wait for the client before producing more"));
    visit("high_water", s.high_water,
          {"bytes", 1024, base::gibibyte, "bytes produced ahead of the client"});
    visit("write_timeout", s.write_timeout,
          {"seconds", 0.01, base::hour,
           "time without a byte taken by the client after which the connection is cut"});
    visit(
        "read_rate", s.read_rate,
        {"bytes/s", 0, base::gibibyte,
         "slower readers, and senders slower than `parse.body_rate`, are the ones to be ended when "
         "the byte budget is spent"});
    visit("linger_timeout", s.linger_timeout,
          {"seconds", 0, base::hour,
           "time an early final answer is given to reach a client that is still sending"});
    visit("linger_bytes", s.linger_bytes,
          {"bytes", 0, base::gibibyte,
           "most that is taken from it meanwhile and thrown away; beyond it the connection is "
           "closed"});
    visit("send_buffer", s.send_buffer,
          {"bytes", 0, base::gibibyte, "SO_SNDBUF of a connection; 0 leaves it to the kernel"});
    visit("no_delay", s.no_delay,
          base::about_switch("TCP_NODELAY: a small piece leaves at once, and does not wait until "
                             "the client has acknowledged the one before (RFC 9293, 3.7.4)"));
    visit("server_timing", s.server_timing,
          base::about_switch("Server-Timing in every answer: how long the request was in each "
                             "stop, for everybody to "
                             "see"));
    visit("server_timing_sampled", s.server_timing_sampled,
          base::about_switch("Server-Timing in answers to sampled traces"));
    visit(
        "notice", s.notice,
        {"seconds", 0, base::hour,
         "time after SIGTERM in which the service goes on as before, but for /healthz, which says "
         "503, so that balancers send nothing more"});
    visit("grace", s.grace,
          {"seconds", 0, base::hour,
           "time after that which requests in progress get, before they are cut; 0: all is cut at "
           "SIGTERM"});
    visit(
        "idle_grace", s.idle_grace,
        {"seconds", 0, base::hour,
         "of it, what a silent connection gets to send a last request, and HTTP/2 between its two "
         "GOAWAY (RFC 9113, 6.8)"});
  }
};

}  // namespace sevenstops::stops
