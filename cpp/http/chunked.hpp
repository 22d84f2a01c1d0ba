#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/refusal.hpp"

namespace sevenstops::http {

/// Decodes a chunked body (RFC 9112, 7.1) byte by byte; what it keeps besides the body is bounded
/// by constants: 256 B of extension a line, 4 KiB in all; trailers 4 KiB and 32 fields, dropped.
class ChunkedDecoder {
 public:
  explicit ChunkedDecoder(std::uint64_t body_limit) : body_limit_(body_limit) {}

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
  std::uint64_t total_ = 0;
  std::uint64_t left_ = 0;
  int digits_ = 0;
  std::string extension_;
  int extension_total_ = 0;
  std::string trailer_line_;
  int trailer_bytes_ = 0;
  int trailer_fields_ = 0;
};

}  // namespace sevenstops::http
