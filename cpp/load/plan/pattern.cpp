#include "load/plan/pattern.hpp"

#include <stdexcept>

#include "base/numbers.hpp"

namespace sevenstops::load {
namespace {

// Steele, Lea and Flood, *Fast Splittable Pseudorandom Number Generators*: each piece gets a
// number of its own from the one that was drawn.
std::uint64_t splitmix(std::uint64_t& state) {
  state += 0x9e3779b97f4a7c15;
  auto z = state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

}  // namespace

Pattern::Pattern(std::string_view text) {
  while (!text.empty()) {
    const auto open = text.find('{');
    if (open != 0) {
      pieces_.push_back({.words = {std::string(text.substr(0, open))}});
      text.remove_prefix(std::min(open, text.size()));
      continue;
    }
    const auto close = text.find('}');
    if (close == std::string_view::npos) {
      throw std::invalid_argument("has a '{' without its '}'");
    }
    auto inside = text.substr(1, close - 1);
    text.remove_prefix(close + 1);
    auto& piece = pieces_.emplace_back();
    if (const auto dots = inside.find(".."); dots != std::string_view::npos) {
      const auto low = base::parse_number<std::int64_t>(inside.substr(0, dots));
      const auto high = base::parse_number<std::int64_t>(inside.substr(dots + 2));
      if (!low || !high || *low > *high) {
        throw std::invalid_argument("has a range that is not {LOW..HIGH}");
      }
      piece.low = *low;
      piece.high = *high;
      continue;
    }
    while (true) {
      const auto bar = inside.find('|');
      piece.words.emplace_back(inside.substr(0, bar));
      if (bar == std::string_view::npos) {
        break;
      }
      inside.remove_prefix(bar + 1);
    }
    if (piece.words.size() < 2) {
      throw std::invalid_argument("has a choice that is neither {LOW..HIGH} nor {one|other}");
    }
  }
}

void Pattern::append(std::string& out, std::uint64_t draw) const {
  for (const auto& piece : pieces_) {
    if (piece.words.size() == 1) {
      out += piece.words[0];
    } else if (!piece.words.empty()) {
      out += piece.words[splitmix(draw) % piece.words.size()];
    } else {
      const auto span = static_cast<std::uint64_t>(piece.high - piece.low) + 1;
      const auto offset = span == 0 ? splitmix(draw) : splitmix(draw) % span;
      out += std::to_string(piece.low + static_cast<std::int64_t>(offset));
    }
  }
}

}  // namespace sevenstops::load
