#pragma once

#include <nghttp2/nghttp2.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sevenstops::stops {

/// Finds the frames in bytes that arrive piece by piece, as nghttp2 says nothing of those that it
/// ignores.
class FrameScanner {
 public:
  /// Takes a piece off the front of `bytes`: at most one frame, or a part of one. `begun` gets the
  /// head of a frame that begins with it. Empty, when there is no more; the piece lives until the
  /// next call.
  [[nodiscard]] std::string_view next(std::string_view& bytes,
                                      std::optional<nghttp2_frame_hd>& begun);
  /// Whether what was taken last was the end of a frame.
  [[nodiscard]] bool between() const { return left_ == 0; }

 private:
  // RFC 9113, 4.1.
  static constexpr std::size_t head_size = 9;

  [[nodiscard]] static nghttp2_frame_hd read(std::string_view head);

  // Before the first frame comes the preface.
  std::size_t left_ = NGHTTP2_CLIENT_MAGIC_LEN;
  // A head that has not come as a whole.
  std::array<char, head_size> part_{};
  std::size_t part_size_ = 0;
};

}  // namespace sevenstops::stops
