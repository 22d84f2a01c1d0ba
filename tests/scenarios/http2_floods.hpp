#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "../cpp/support/http2_client.hpp"

namespace sevenstops {

/// What a client sends at little cost to itself, and the reason for which it is ended.
struct Flood {
  std::string name;
  std::function<std::string()> bytes;
  std::uint32_t code = NGHTTP2_ENHANCE_YOUR_CALM;
  /// Its name, where nothing else is said.
  std::string reason = {};
};

inline std::string repeat(std::size_t times,
                          const std::function<std::string(std::uint32_t)>& make) {
  std::string bytes;
  for (std::uint32_t i = 0; i < times; ++i) {
    bytes += make((2 * i) + 1);
  }
  return bytes;
}

inline constexpr std::size_t many = 3000;

inline std::vector<Flood> floods() {
  return {
      {"http2_resets",
       [] {
         return repeat(many, [](std::uint32_t id) {
           return test::get_frame(id) + test::frame(NGHTTP2_RST_STREAM, 0, id, test::big_endian(8));
         });
       }},
      {"http2_made_resets",
       [] {
         // Half of them end by a window that is too large.
         return repeat(many, [](std::uint32_t id) {
           return test::frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, id,
                              test::get_block("/healthz")) +
                  test::frame(NGHTTP2_WINDOW_UPDATE, 0, id, test::big_endian(0x7fffffff));
         });
       }},
      {"http2_pings",
       [] {
         return repeat(many, [](std::uint32_t) {
           return test::frame(NGHTTP2_PING, 0, 0, std::string(8, 'p'));
         });
       }},
      {"http2_settings",
       [] {
         return repeat(many, [](std::uint32_t) { return test::frame(NGHTTP2_SETTINGS, 0, 0); });
       }},
      {"http2_priorities",
       [] {
         return repeat(many, [](std::uint32_t id) {
           return test::frame(NGHTTP2_PRIORITY, 0, id, test::big_endian(0) + "x");
         });
       }},
      {"http2_empty_frames",
       [] {
         return test::frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1,
                            std::string("\x83\x86\x04\x05/echo\x01\x01") + "a") +
                repeat(many, [](std::uint32_t) { return test::frame(NGHTTP2_DATA, 0, 1); });
       }},
      {"http2_window_updates",
       [] {
         return repeat(many, [](std::uint32_t) {
           return test::frame(NGHTTP2_WINDOW_UPDATE, 0, 0, test::big_endian(1));
         });
       }},
      {"http2_window_updates_by_crumbs",
       [] {
         // No window, but for a byte at a time.
         return test::frame(NGHTTP2_SETTINGS, 0, 0, std::string("\0\4\0\0\0\0", 6)) +
                test::get_frame(1, "/export.csv") + repeat(many, [](std::uint32_t) {
                  return test::frame(NGHTTP2_WINDOW_UPDATE, 0, 1, test::big_endian(1));
                });
       },
       NGHTTP2_ENHANCE_YOUR_CALM, "http2_window_updates"},
      {"http2_continuations",
       [] {
         return test::frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_STREAM, 1,
                            test::get_block("/healthz")) +
                repeat(many, [](std::uint32_t) {
                  return test::frame(NGHTTP2_CONTINUATION, 0, 1, std::string("\x00\x01x\x01y", 5));
                });
       }},
      {"header_limit",
       [] {
         return test::frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_STREAM, 1,
                            test::get_block("/healthz")) +
                repeat(6, [](std::uint32_t) {
                  std::string block;
                  while (block.size() < 16000) {
                    block.append("\x00\x01x\x7f\x21", 5).append(160, 'y');
                  }
                  return test::frame(NGHTTP2_CONTINUATION, 0, 1, block);
                });
       }},
      {"http2_protocol", [] { return test::frame(NGHTTP2_DATA, 0, 1, "x"); },
       NGHTTP2_PROTOCOL_ERROR},
  };
}

}  // namespace sevenstops
