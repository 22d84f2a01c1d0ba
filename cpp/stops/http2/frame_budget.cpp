#include "stops/http2/frame_budget.hpp"

#include <algorithm>

namespace sevenstops::stops {

using http::Reason;

namespace {

// Compressed bytes are bounded too: those of a head that is too large are decoded all the same, or
// the state of compression would be lost.
constexpr std::int64_t least_head_bytes = 65536;

}  // namespace

FrameBudget::FrameBudget(const Http2Settings& settings, std::int64_t largest_head)
    : most_continuations_(settings.continuations),
      most_head_bytes_(static_cast<std::size_t>(std::max(least_head_bytes, 2 * largest_head))),
      resets_(settings.resets),
      made_resets_(settings.made_resets),
      pings_(settings.pings),
      settings_(settings.settings),
      priorities_(settings.priorities),
      empty_frames_(settings.empty_frames),
      window_updates_(settings.window_updates) {}

FrameBudget::Verdict FrameBudget::count(Allowance& allowance, Reason reason) {
  return allowance.take(base::Clock::now()) ? std::nullopt : Verdict(reason);
}

FrameBudget::Verdict FrameBudget::received(const nghttp2_frame_hd& frame) {
  const bool acknowledges = (frame.flags & NGHTTP2_FLAG_ACK) != 0;
  switch (frame.type) {
    case NGHTTP2_DATA: {
      const bool ends = (frame.flags & NGHTTP2_FLAG_END_STREAM) != 0;
      return frame.length == 0 && !ends ? count(empty_frames_, Reason::http2_empty_frames)
                                        : std::nullopt;
    }
    case NGHTTP2_HEADERS:
      head_bytes_ = 0;
      continuations_ = 0;
      return part_of_head(frame);
    case NGHTTP2_CONTINUATION:
      ++continuations_;
      return most_continuations_ > 0 && continuations_ > most_continuations_
                 ? Reason::http2_continuations
                 : part_of_head(frame);
    case NGHTTP2_RST_STREAM:
      return count(resets_, Reason::http2_resets);
    case NGHTTP2_SETTINGS:
      return acknowledges ? std::nullopt : count(settings_, Reason::http2_settings);
    case NGHTTP2_PING:
      return acknowledges ? std::nullopt : count(pings_, Reason::http2_pings);
    case NGHTTP2_WINDOW_UPDATE:
      return count(window_updates_, Reason::http2_window_updates);
    case NGHTTP2_GOAWAY:
    case NGHTTP2_PUSH_PROMISE:
      return std::nullopt;
    default:
      return count(priorities_, Reason::http2_priorities);
  }
}

FrameBudget::Verdict FrameBudget::part_of_head(const nghttp2_frame_hd& frame) {
  head_bytes_ += frame.length;
  if (head_bytes_ > most_head_bytes_) {
    return Reason::header_limit;
  }
  const bool whole = (frame.flags & NGHTTP2_FLAG_END_HEADERS) != 0;
  return frame.length == 0 && !whole ? count(empty_frames_, Reason::http2_empty_frames)
                                     : std::nullopt;
}

// Who opens a window by next to nothing, and so gets frames of next to nothing, pays for each
// (CVE-2019-9511).
void FrameBudget::sent_data(std::size_t bytes) {
  constexpr std::size_t worth_it = 512;
  constexpr double updates = 4;
  if (bytes >= worth_it) {
    window_updates_.give(updates);
  }
}

FrameBudget::Verdict FrameBudget::sent_reset(std::uint32_t code) {
  // These are the service's own.
  if (code == NGHTTP2_NO_ERROR || code == NGHTTP2_CANCEL || code == NGHTTP2_INTERNAL_ERROR) {
    return std::nullopt;
  }
  return count(made_resets_, Reason::http2_made_resets);
}

}  // namespace sevenstops::stops
