#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "http/response_scanner.hpp"
#include "load/sha256.hpp"

namespace sevenstops::load {

/// The content of answers as their bytes come: without its framing, counted and hashed.
class Content {
 public:
  using State = http::ResponseScanner::State;

  Content() { begin(false); }
  Content(const Content&) = delete;
  Content& operator=(const Content&) = delete;

  /// Before each answer after the first, and for one to a HEAD request. What came before stays
  /// counted.
  void begin(bool to_head_request);
  /// Takes the answer's bytes off the front of what one receiving gave. Nothing once the answer has
  /// ended.
  State feed(std::string_view& bytes);
  /// The peer has closed in order.
  State closed();

  /// What the last `feed` found; valid until the next.
  [[nodiscard]] std::string_view piece() const { return piece_; }
  [[nodiscard]] State state() const { return state_; }
  /// Of the answer under way; 0 until a final one has come.
  [[nodiscard]] unsigned status() const;
  [[nodiscard]] bool keep_alive() const { return scanner_.keep_alive(); }
  /// Of all answers together.
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  [[nodiscard]] std::string sha256() const { return digest_.hex(); }

 private:
  http::ResponseScanner scanner_;
  State state_ = State::more;
  std::string piece_;
  std::uint64_t bytes_ = 0;
  Sha256 digest_;
};

}  // namespace sevenstops::load
