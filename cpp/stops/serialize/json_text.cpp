#include "stops/serialize/json_text.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

namespace sevenstops::stops {
namespace {

using Word = std::uint64_t;
constexpr Word ones = 0x0101010101010101;

// How a byte is written: 0 as it is, 'u' by its number, any other letter behind a backslash.
constexpr auto escapes = [] {
  std::array<char, 256> table{};
  std::fill_n(table.begin(), 0x20, 'u');
  constexpr std::string_view bytes = "\b\t\n\f\r\"\\";
  constexpr std::string_view letters = "btnfr\"\\";
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    table[static_cast<unsigned char>(bytes[i])] = letters[i];
  }
  return table;
}();

char* write_escaped(char* to, char c) {
  constexpr std::string_view hex = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  const char letter = escapes[byte];
  if (letter == 0) {
    *to++ = c;
    return to;
  }
  *to++ = '\\';
  *to++ = letter;
  if (letter == 'u') {
    *to++ = '0';
    *to++ = '0';
    *to++ = hex[byte >> 4];
    *to++ = hex[byte & 15];
  }
  return to;
}

// A bit for each byte that is escaped, its highest; right up to the first of them from below, since
// a borrow goes on upwards (Mycroft; "Bit Twiddling Hacks": haszero, hasless).
Word escaped_bytes(Word bytes) {
  const auto zero = [](Word v) { return (v - ones) & ~v; };
  const auto control = (bytes - ones * 0x20) & ~bytes;
  return (control | zero(bytes ^ (ones * '"')) | zero(bytes ^ (ones * '\\'))) & (ones * 0x80);
}

// Up to seven bytes, and blanks behind them, without reading beyond.
Word partial_word(const char* from, std::size_t size) {
  Word word = ones * ' ' << (8 * size);
  if (size >= 4) {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    std::memcpy(&first, from, sizeof first);
    std::memcpy(&last, from + size - sizeof last, sizeof last);
    return word | first | Word{last} << (8 * (size - sizeof last));
  }
  for (std::size_t i = 0; i < size; ++i) {
    word |= Word{static_cast<unsigned char>(from[i])} << (8 * i);
  }
  return word;
}

// Eight bytes at a time, on machines whose first byte is the lowest.
char* write_words(char* to, std::string_view text) {
  const char* from = text.data();
  auto left = text.size();
  while (left > 0) {
    Word word = 0;
    if (left >= sizeof word) {
      std::memcpy(&word, from, sizeof word);
    } else {
      word = partial_word(from, left);
    }
    std::memcpy(to, &word, sizeof word);
    auto plain = std::min(left, sizeof word);
    if (const auto found = escaped_bytes(word); found != 0) {
      plain = static_cast<std::size_t>(std::countr_zero(found)) / 8;
      to = write_escaped(to + plain, from[plain]);
      ++plain;
    } else {
      to += plain;
    }
    from += plain;
    left -= plain;
  }
  return to;
}

}  // namespace

char* write_json(char* to, std::string_view text) {
  *to++ = '"';
  if constexpr (std::endian::native == std::endian::little) {
    to = write_words(to, text);
  } else {
    for (const char c : text) {
      to = write_escaped(to, c);
    }
  }
  *to++ = '"';
  return to;
}

char* write_json(char* to, std::int64_t number) {
  return std::to_chars(to, to + json_room(number), number).ptr;
}

char* write_json(char* to, double number) {
  if (!std::isfinite(number)) {
    return std::copy_n("null", 4, to);
  }
  char* const end = std::to_chars(to, to + json_room(number), number).ptr;
  const bool integer = std::string_view(to, end).find_first_of(".e") == std::string_view::npos;
  return integer ? std::copy_n(".0", 2, end) : end;
}

char* JsonText::room(std::size_t bytes) {
  if (!large_.empty() || buffer_.size() - used_ < bytes) {
    flush();
  }
  if (bytes > buffer_.size()) {
    large_.resize(bytes);
    at_ = large_.data();
    return large_.data();
  }
  at_ = buffer_.data() + used_;
  return buffer_.data() + used_;
}

void JsonText::flush() {
  out_.append(large_.empty() ? buffer_.data() : large_.data(), used_);
  large_.clear();
  used_ = 0;
}

void JsonText::raw(std::string_view json) {
  if (json.size() > buffer_.size()) {
    flush();
    out_.append(json);
    return;
  }
  wrote_until(std::copy_n(json.data(), json.size(), room(json.size())));
}

}  // namespace sevenstops::stops
