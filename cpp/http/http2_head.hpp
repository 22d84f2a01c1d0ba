#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/head.hpp"
#include "http/refusal.hpp"
#include "http/request.hpp"

namespace sevenstops::http {

/// A request's head as HTTP/2 brings it (RFC 9113, 8.3), field by field. Names and values have been
/// looked at already: names are tokens in lower case, pseudo-header fields come once and first,
/// fields that belong to a connection don't come at all (RFC 9113, 8.2).
class Http2Head {
 public:
  /// Beyond these nothing is kept, and the request is refused.
  explicit Http2Head(const HeadLimits& limits) : limits_(limits) {}

  void add(std::string_view name, std::string_view value);

  /// Bytes that it holds memory for.
  [[nodiscard]] std::size_t held() const {
    return text_.capacity() + (fields_.capacity() * sizeof(Piece));
  }
  /// Makes a request of it, to which everything is asked that is asked of HTTP/1's; `limits` are
  /// the last ones, `ended` says that no body follows.
  [[nodiscard]] Outcome<void> finish(Request& request, const HeadLimits& limits, bool ended,
                                     const Leniency& leniency = {});

 private:
  // Where in the text a name and its value stand, one behind the other.
  struct Piece {
    std::size_t begin = 0;
    std::size_t name = 0;
    std::size_t value = 0;
  };

  [[nodiscard]] std::optional<Reason> beyond(const HeadLimits& limits) const;
  [[nodiscard]] std::string_view name(const Piece& piece) const {
    return std::string_view(text_).substr(piece.begin, piece.name);
  }
  void join_cookies();

  HeadLimits limits_;
  std::string text_;
  std::vector<Piece> fields_;
  std::optional<Piece> method_;
  std::optional<Piece> scheme_;
  std::optional<Piece> authority_;
  std::optional<Piece> path_;
  // RFC 9113, 6.5.2: what SETTINGS_MAX_HEADER_LIST_SIZE counts.
  std::int64_t list_size_ = 0;
  std::int64_t count_ = 0;
  int cookies_ = 0;
};

}  // namespace sevenstops::http
