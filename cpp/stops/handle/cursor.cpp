#include "stops/handle/cursor.hpp"

#include <array>
#include <boost/crc.hpp>
#include <charconv>

#include "base/numbers.hpp"

namespace sevenstops::stops {

std::string write_cursor(std::int64_t id) {
  std::array<char, 16> digits{};
  const auto* const end = std::to_chars(digits.data(), digits.data() + digits.size(), id, 16).ptr;
  std::string text(static_cast<const char*>(digits.data()), end);
  boost::crc_32_type sum;
  sum.process_bytes(text.data(), text.size());
  constexpr std::size_t width = 8;
  std::array<char, width> check{};
  const auto* const last =
      std::to_chars(check.data(), check.data() + check.size(), sum.checksum(), 16).ptr;
  text.append(width - static_cast<std::size_t>(last - check.data()), '0');
  return text.append(static_cast<const char*>(check.data()), last);
}

std::optional<std::int64_t> read_cursor(std::string_view text) {
  constexpr std::size_t longest = 24;
  constexpr std::size_t check = 8;
  if (text.size() <= check || text.size() > longest) {
    return std::nullopt;
  }
  const auto id = base::parse_number<std::int64_t>(text.substr(0, text.size() - check), 16);
  // Numbers have other spellings too: only its own is taken.
  return id && *id >= 0 && write_cursor(*id) == text ? id : std::nullopt;
}

}  // namespace sevenstops::stops
