#include "http/chunked.hpp"

#include <iterator>

#include "http/characters.hpp"

namespace sevenstops::http {
namespace {

constexpr std::int64_t extensions_in_all = 16;
constexpr int size_digit_limit = 16;

// RFC 9112, 7.1.1: name[=token or "quoted"], several parted by ';'.
bool valid_extensions(std::string_view text) {
  std::size_t i = 0;
  const auto token = [&] {
    const auto start = i;
    while (i < text.size() && in(token_characters, text[i])) {
      ++i;
    }
    return i > start;
  };
  const auto quoted = [&] {
    for (++i; i < text.size(); ++i) {
      if (text[i] == '\\') {
        ++i;
      } else if (text[i] == '"') {
        ++i;
        return true;
      }
    }
    return false;
  };
  while (true) {
    if (!token()) {
      return false;
    }
    if (i < text.size() && text[i] == '=') {
      ++i;
      if (i >= text.size() || !(text[i] == '"' ? quoted() : token())) {
        return false;
      }
    }
    if (i == text.size()) {
      return true;
    }
    if (text[i++] != ';') {
      return false;
    }
  }
}

}  // namespace

Outcome<void> ChunkedDecoder::step(char c) {
  switch (state_) {
    case State::size:
      if (const int digit = hex_value(c); digit >= 0) {
        if (++digits_ > size_digit_limit) {
          return Reason::chunk_size;
        }
        left_ = left_ * 16 + static_cast<std::uint64_t>(digit);
        return {};
      }
      if (digits_ == 0 || (c != ';' && c != '\r')) {
        return Reason::chunk_size;
      }
      // Only now: a number that would go on past 64 bits is malformed, not large.
      if (left_ > body_limit_ - total_) {
        return Reason::body_limit;
      }
      if (c == ';') {
        state_ = State::extension;
        extension_.clear();
        return {};
      }
      state_ = State::size_lf;
      return {};
    case State::extension:
      if (c == '\r') {
        state_ = State::size_lf;
        return valid_extensions(extension_) ? Outcome<void>()
                                            : Outcome<void>(Reason::chunk_extension);
      }
      if (!in(value_characters, c) || std::ssize(extension_) >= limits_.extension ||
          ++extension_total_ > extensions_in_all * limits_.extension) {
        return Reason::chunk_extension;
      }
      extension_.push_back(c);
      return {};
    case State::size_lf:
      if (c != '\n') {
        return Reason::chunk_line;
      }
      total_ += left_;
      digits_ = 0;
      state_ = left_ == 0 ? State::trailer : State::data;
      return {};
    case State::data_cr:
      state_ = State::data_lf;
      return c == '\r' ? Outcome<void>() : Outcome<void>(Reason::chunk_end);
    case State::data_lf:
      state_ = State::size;
      return c == '\n' ? Outcome<void>() : Outcome<void>(Reason::chunk_end);
    case State::trailer:
      if (++trailer_bytes_ > limits_.trailer.bytes) {
        return Reason::trailer_limit;
      }
      if (c == '\r') {
        state_ = State::trailer_lf;
        return {};
      }
      if (!in(value_characters, c)) {
        return c == '\n' ? Reason::trailer_line : Reason::trailer_field;
      }
      trailer_line_.push_back(c);
      return {};
    case State::trailer_lf:
      return c == '\n' ? end_trailer_line() : Outcome<void>(Reason::trailer_line);
    case State::data:
    case State::done:
      break;
  }
  return {};
}

Outcome<void> ChunkedDecoder::end_trailer_line() {
  if (trailer_line_.empty()) {
    state_ = State::done;
    return {};
  }
  if (++trailer_fields_ > limits_.trailer.fields) {
    return Reason::trailer_limit;
  }
  const std::string_view line = trailer_line_;
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) {
    return Reason::trailer_field;
  }
  const auto name = line.substr(0, colon);
  if (!may_trail(name) || !all_in(token_characters, name) ||
      !all_in(value_characters, line.substr(colon + 1))) {
    return Reason::trailer_field;
  }
  trailer_line_.clear();
  state_ = State::trailer;
  return {};
}

}  // namespace sevenstops::http
