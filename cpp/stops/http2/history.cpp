#include "stops/http2/history.hpp"

#include <algorithm>

namespace sevenstops::stops {

StreamHistory::Entry* StreamHistory::find(std::int32_t id) {
  const auto found = std::ranges::find(entries_, id, &Entry::id);
  return found == entries_.end() ? nullptr : &*found;
}

void StreamHistory::ended(std::int32_t id) {
  if (auto* entry = find(id)) {
    entry->ended = true;
  }
}

std::optional<std::uint32_t> StreamHistory::received(const nghttp2_frame_hd& frame, bool live) {
  const auto id = frame.stream_id;
  if (frame.type == NGHTTP2_RST_STREAM) {
    ended(id);
    return std::nullopt;
  }
  const bool of_message = frame.type == NGHTTP2_HEADERS || frame.type == NGHTTP2_DATA;
  // What is wrong with other numbers nghttp2 says by itself.
  if (!of_message || id % 2 == 0) {
    return std::nullopt;
  }
  if (id > last_) {
    if (frame.type == NGHTTP2_HEADERS) {
      last_ = id;
      entries_[next_ % entries_.size()] = {.id = id, .ended = false};
      ++next_;
    }
    return std::nullopt;
  }
  if (live) {
    return std::nullopt;
  }
  if (const auto* entry = find(id)) {
    return entry->ended ? std::optional<std::uint32_t>(NGHTTP2_STREAM_CLOSED) : std::nullopt;
  }
  // RFC 9113, 5.1.1: one that was passed over can't be opened any more.
  return id > oldest() ? std::optional<std::uint32_t>(NGHTTP2_PROTOCOL_ERROR) : std::nullopt;
}

}  // namespace sevenstops::stops
