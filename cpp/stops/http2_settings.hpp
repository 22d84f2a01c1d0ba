#pragma once

#include <cstdint>

#include "base/setting.hpp"

namespace sevenstops::stops {

/// What a connection of HTTP/2 may ask for (RFC 9113). Limits of heads and bodies, and times, are
/// those of HTTP/1. Beyond a number a second the connection ends with GOAWAY and
/// ENHANCE_YOUR_CALM.
struct Http2Settings {
  bool enabled = true;
  std::int64_t streams = 100;
  std::int64_t stream_window = 1 << 18;
  std::int64_t connection_window = 1 << 20;
  std::int64_t resets = 100;
  std::int64_t made_resets = 50;
  std::int64_t pings = 100;
  std::int64_t settings = 20;
  std::int64_t priorities = 500;
  std::int64_t empty_frames = 100;
  std::int64_t window_updates = 1000;
  std::int64_t continuations = 8;
  std::int64_t acknowledgements = 1000;

  bool operator==(const Http2Settings&) const = default;

  template <class Self, class Visit>
  static void fields(Self& s, Visit&& visit) {
    constexpr double most = 1000000;
    visit("enabled", s.enabled,
          base::about_switch("take HTTP/2 with prior knowledge, told by its first bytes, on the "
                             "port of HTTP/1.1; otherwise it gets 505"));
    visit("streams", s.streams,
          {"streams", 1, most,
           "requests at a time on a connection (SETTINGS_MAX_CONCURRENT_STREAMS); beyond it "
           "REFUSED_STREAM, and so where twice as many are still worked for"});
    visit("stream_window", s.stream_window,
          {"bytes", 1024, base::gibibyte,
           "most of a body that may come before it is read (SETTINGS_INITIAL_WINDOW_SIZE), and so "
           "the most that an upload gets for each round trip"});
    visit("connection_window", s.connection_window,
          {"bytes", 65535, base::gibibyte, "the same for all bodies of a connection"});
    visit("resets", s.resets,
          {"frames/s", 0, most, "streams that the client resets (CVE-2023-44487); 0: any number"});
    visit("made_resets", s.made_resets,
          {"frames/s", 0, most,
           "streams that the client's faults have the service reset (CVE-2025-8671); 0: any "
           "number"});
    visit("pings", s.pings, {"frames/s", 0, most, "PING (CVE-2019-9512); 0: any number"});
    visit("settings", s.settings, {"frames/s", 0, most, "SETTINGS (CVE-2019-9515); 0: any number"});
    visit("priorities", s.priorities,
          {"frames/s", 0, most,
           "PRIORITY and frames of unknown types, which are ignored (CVE-2019-9513); 0: any "
           "number"});
    visit("empty_frames", s.empty_frames,
          {"frames/s", 0, most,
           "DATA, HEADERS and CONTINUATION with nothing in them (CVE-2019-9518); 0: any number"});
    visit("window_updates", s.window_updates,
          {"frames/s", 0, most,
           "WINDOW_UPDATE, besides four for each DATA frame of 512 bytes or more that was sent "
           "(CVE-2019-9511); 0: any number"});
    visit("continuations", s.continuations,
          {"frames", 0, most, "CONTINUATION for one head (CVE-2024-27316); 0: any number"});
    visit("acknowledgements", s.acknowledgements,
          {"frames", 1, most,
           "answers to PING and SETTINGS, and resets, that the client has not taken"});
  }
};

}  // namespace sevenstops::stops
