#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "stops/refusal.hpp"

namespace sevenstops {

/// Decodes a chunked body (RFC 9112, 7.1) byte by byte; what it keeps besides the body is bounded
/// by constants: 256 B of extension a line, 4 KiB in all; trailers 4 KiB and 32 fields, dropped.
class ChunkedDecoder {
 public:
  explicit ChunkedDecoder(std::uint64_t body_limit) : body_limit_(body_limit) {}

  /// Appends decoded bytes to `body`. The number of bytes of `input` that were used; less than all
  /// of them only when the body is complete.
  [[nodiscard]] Outcome<std::size_t> decode(std::string_view input, std::string& body);
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

}  // namespace sevenstops
