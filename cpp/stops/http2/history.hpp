#pragma once

#include <nghttp2/nghttp2.h>

#include <array>
#include <cstdint>
#include <optional>

namespace sevenstops::stops {

/// The streams that a client has opened of late, so that a frame on one that is over can be told
/// from one that has crossed a reset of the service's on its way (RFC 9113, 5.1). nghttp2 ignores
/// either.
class StreamHistory {
 public:
  /// A frame has come, on a stream that is `live` or not: the error code with which the connection
  /// has to end; nothing where it may go on.
  [[nodiscard]] std::optional<std::uint32_t> received(const nghttp2_frame_hd& frame, bool live);
  /// The client has said that it sends nothing more on a stream, or has reset it.
  void ended(std::int32_t id);

 private:
  struct Entry {
    std::int32_t id = 0;
    bool ended = false;
  };

  [[nodiscard]] Entry* find(std::int32_t id);
  // All that were opened after it are known; 0: all.
  [[nodiscard]] std::int32_t oldest() const {
    return next_ < entries_.size() ? 0 : entries_[next_ % entries_.size()].id;
  }

  std::array<Entry, 64> entries_{};
  std::uint64_t next_ = 0;
  std::int32_t last_ = 0;
};

}  // namespace sevenstops::stops
