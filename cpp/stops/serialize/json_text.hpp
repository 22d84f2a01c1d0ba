#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sevenstops::stops {

/// Values as JSON has them (RFC 8259), written to memory that has room for them: each returns where
/// it ended, and may write a word beyond that.
///
/// A text is taken for UTF-8, as section 8.1 wants it, and comes out as it is but for what section
/// 7 has escaped: quotation mark, reverse solidus and the control characters, those with a letter
/// of their own by that.
[[nodiscard]] char* write_json(char* to, std::string_view text);
[[nodiscard]] char* write_json(char* to, std::int64_t number);
/// Digits that read back as the same number, as few as std::to_chars finds; with a fraction or an
/// exponent, so that it stays no integer. Null for what JSON can't say (section 6): not a number,
/// infinity.
[[nodiscard]] char* write_json(char* to, double number);

/// The room that a value may need.
[[nodiscard]] constexpr std::size_t json_room(std::string_view text) {
  constexpr std::size_t quotes_and_word = 2 + 8;
  constexpr std::size_t longest_escape = 6;
  return longest_escape * text.size() + quotes_and_word;
}
[[nodiscard]] constexpr std::size_t json_room(std::int64_t /*number*/) { return 20; }
[[nodiscard]] constexpr std::size_t json_room(double /*number*/) { return 32; }

/// JSON behind what `out` holds. It gathers pieces of some kilobytes, since a string looks for its
/// room at every append; `flush` hands over the last.
class JsonText {
 public:
  explicit JsonText(std::string& out) : out_(out) {}
  JsonText(const JsonText&) = delete;
  JsonText& operator=(const JsonText&) = delete;
  ~JsonText() = default;

  /// Memory for what will be written next, of so many bytes at least. It is there until anything
  /// else is asked for.
  [[nodiscard]] char* room(std::size_t bytes);
  /// Says where in that memory it ended.
  void wrote_until(const char* end) { used_ += static_cast<std::size_t>(end - at_); }

  /// Appends what is JSON already.
  void raw(std::string_view json);

  template <class Value>
  void value(const Value& value) {
    char* const at = room(json_room(value));
    wrote_until(write_json(at, value));
  }

  void flush();

 private:
  std::string& out_;
  std::array<char, 4096> buffer_{};
  std::size_t used_ = 0;
  // Where the room that was given last begins.
  const char* at_ = nullptr;
  // For what is too large for the buffer.
  std::string large_;
};

}  // namespace sevenstops::stops
