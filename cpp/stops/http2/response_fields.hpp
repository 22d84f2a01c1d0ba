#pragma once

#include <nghttp2/nghttp2.h>

#include <string>
#include <string_view>
#include <vector>

namespace sevenstops::stops {

/// A response's head as HTTP/2 has it, made of one of HTTP/1.1, so that both say the same.
class ResponseFields {
 public:
  /// `head` ends with its empty line.
  explicit ResponseFields(std::string_view head);
  ResponseFields(const ResponseFields&) = delete;
  ResponseFields& operator=(const ResponseFields&) = delete;

  /// They live as long as this does.
  [[nodiscard]] const std::vector<nghttp2_nv>& all() const { return fields_; }

 private:
  void add(std::string_view name, std::string_view value);

  std::string text_;
  std::vector<nghttp2_nv> fields_;
};

}  // namespace sevenstops::stops
