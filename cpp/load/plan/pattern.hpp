#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sevenstops::load {

/// A target with values to draw: "/users/{1..500}?sort={name|age}".
class Pattern {
 public:
  /// Throws std::invalid_argument, the rest of a sentence, for a brace that isn't closed or a
  /// choice of nothing.
  explicit Pattern(std::string_view text);

  /// Whether there is nothing to draw.
  [[nodiscard]] bool fixed() const { return pieces_.size() == 1 && pieces_[0].words.size() == 1; }
  /// Appends the target that a random number chooses: the same number, the same target.
  void append(std::string& out, std::uint64_t draw) const;

 private:
  // One of the words, or a number of the range where there are none.
  struct Piece {
    std::vector<std::string> words;
    std::int64_t low = 0;
    std::int64_t high = 0;
  };
  std::vector<Piece> pieces_;
};

}  // namespace sevenstops::load
