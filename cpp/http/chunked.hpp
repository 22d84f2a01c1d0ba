#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/refusal.hpp"
#include "http/trailer.hpp"

namespace sevenstops::http {

/// What a chunked body may bring besides the body.
struct ChunkLimits {
  /// Bytes of one chunk's extensions; of all together 16 times as many.
  std::int64_t extension = 256;
  TrailerLimits trailer;
};

/// Decodes a chunked body (RFC 9112, 7.1) byte by byte. What it keeps besides the body is bounded;
/// extensions and trailers are dropped.
class ChunkedDecoder {
 public:
  explicit ChunkedDecoder(std::uint64_t body_limit, const ChunkLimits& limits = {})
      : body_limit_(body_limit), limits_(limits) {}

  /// Gives decoded bytes to `sink(std::string_view)`. The number of bytes of `input` that were
  /// used; less than all of them only when the body is complete.
  template <class Sink>
  requires std::invocable<Sink&, std::string_view>
  [[nodiscard]] Outcome<std::size_t> decode(std::string_view input, Sink&& sink) {
    std::size_t used = 0;
    while (used < input.size() && state_ != State::done) {
      if (state_ == State::data) {
        const auto take = std::min<std::uint64_t>(left_, input.size() - used);
        sink(input.substr(used, take));
        used += take;
        left_ -= take;
        if (left_ == 0) {
          state_ = State::data_cr;
        }
        continue;
      }
      if (const auto stepped = step(input[used]); !stepped) {
        return stepped.error();
      }
      ++used;
    }
    return Outcome<std::size_t>(used);
  }
  /// The same, appending to `body`.
  [[nodiscard]] Outcome<std::size_t> decode(std::string_view input, std::string& body) {
    return decode(input, [&body](std::string_view piece) { body.append(piece); });
  }
  [[nodiscard]] bool done() const { return state_ == State::done; }

 private:
  enum class State { size, extension, size_lf, data, data_cr, data_lf, trailer, trailer_lf, done };

  [[nodiscard]] Outcome<void> step(char c);
  [[nodiscard]] Outcome<void> end_trailer_line();

  State state_ = State::size;
  std::uint64_t body_limit_;
  ChunkLimits limits_;
  std::uint64_t total_ = 0;
  std::uint64_t left_ = 0;
  int digits_ = 0;
  std::string extension_;
  std::int64_t extension_total_ = 0;
  std::string trailer_line_;
  std::int64_t trailer_bytes_ = 0;
  std::int64_t trailer_fields_ = 0;
};

}  // namespace sevenstops::http
