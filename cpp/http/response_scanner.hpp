#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "http/chunked.hpp"

namespace sevenstops::http {

/// Finds where HTTP/1.1 answers end in bytes that come piece by piece (RFC 9112, 6.3), and looks at
/// no more of them than that takes.
class ResponseScanner {
 public:
  /// How much of a body is kept for who wants to look into it.
  static constexpr std::size_t kept_bytes = 65536;

  enum class State { more, done, malformed };

  /// Before each answer. `kept`, where given, gets the body's first `kept_bytes`.
  void begin(bool to_head_request, std::string* kept);
  /// Takes bytes off the front of `bytes`; what is left after `done` belongs to the next answer.
  [[nodiscard]] State feed(std::string_view& bytes);
  /// The peer has closed: `done` for an answer that ends so, else `malformed`.
  [[nodiscard]] State end() const;

  [[nodiscard]] unsigned status() const { return status_; }
  [[nodiscard]] bool keep_alive() const { return keep_alive_; }
  /// Whether a byte of the answer has been seen.
  [[nodiscard]] bool begun() const { return begun_; }

 private:
  enum class Body { unknown, sized, chunked, until_close };

  [[nodiscard]] bool read_head(std::string_view head);
  [[nodiscard]] State feed_head(std::string_view& bytes);
  [[nodiscard]] State feed_body(std::string_view& bytes);
  void keep(std::string_view piece);

  bool to_head_request_ = false;
  bool begun_ = false;
  bool keep_alive_ = true;
  unsigned status_ = 0;
  Body body_ = Body::unknown;
  std::uint64_t left_ = 0;
  std::string* kept_ = nullptr;
  std::string head_;
  std::optional<ChunkedDecoder> decoder_;
};

}  // namespace sevenstops::http
