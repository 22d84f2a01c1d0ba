#include "stops/http2/frame_scanner.hpp"

#include <algorithm>

namespace sevenstops::stops {

nghttp2_frame_hd FrameScanner::read(std::string_view head) {
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(head[i]));
  };
  const auto id = (byte(5) << 24) | (byte(6) << 16) | (byte(7) << 8) | byte(8);
  constexpr std::uint32_t reserved = std::uint32_t{1} << 31;
  return {.length = (byte(0) << 16) | (byte(1) << 8) | byte(2),
          .stream_id = static_cast<std::int32_t>(id & ~reserved),
          .type = static_cast<std::uint8_t>(byte(3)),
          .flags = static_cast<std::uint8_t>(byte(4)),
          .reserved = 0};
}

std::string_view FrameScanner::next(std::string_view& bytes,
                                    std::optional<nghttp2_frame_hd>& begun) {
  begun.reset();
  if (left_ == 0) {
    if (part_size_ > 0 || bytes.size() < head_size) {
      const auto take = std::min(bytes.size(), head_size - part_size_);
      std::copy_n(bytes.data(), take, part_.data() + part_size_);
      part_size_ += take;
      bytes.remove_prefix(take);
      if (part_size_ < head_size) {
        return {};
      }
      part_size_ = 0;
      const std::string_view head(part_.data(), head_size);
      begun = read(head);
      left_ = begun->length;
      return head;
    }
    begun = read(bytes);
    left_ = head_size + begun->length;
  }
  const auto piece = bytes.substr(0, left_);
  bytes.remove_prefix(piece.size());
  left_ -= piece.size();
  return piece;
}

}  // namespace sevenstops::stops
