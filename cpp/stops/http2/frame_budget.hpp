#pragma once

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <optional>

#include "http/refusal.hpp"
#include "stops/http2/allowance.hpp"
#include "stops/http2_settings.hpp"

namespace sevenstops::stops {

/// What a client may ask for by frames that cost it next to nothing, and how large a head may be on
/// its way.
class FrameBudget {
 public:
  using Verdict = std::optional<http::Reason>;

  /// `largest_head` is the limit of its fields.
  FrameBudget(const Http2Settings& settings, std::int64_t largest_head);

  /// Before a frame's payload is read: why the connection has to end; nothing where it may go on.
  [[nodiscard]] Verdict received(const nghttp2_frame_hd& frame);
  /// A frame was sent.
  void sent_data(std::size_t bytes);
  [[nodiscard]] Verdict sent_reset(std::uint32_t code);

 private:
  [[nodiscard]] static Verdict count(Allowance& allowance, http::Reason reason);
  [[nodiscard]] Verdict part_of_head(const nghttp2_frame_hd& frame);

  std::int64_t most_continuations_;
  std::size_t most_head_bytes_;
  std::size_t head_bytes_ = 0;
  std::int64_t continuations_ = 0;
  Allowance resets_;
  Allowance made_resets_;
  Allowance pings_;
  Allowance settings_;
  Allowance priorities_;
  Allowance empty_frames_;
  Allowance window_updates_;
};

}  // namespace sevenstops::stops
