#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sevenstops::stops {

/// The place behind row `id`, which is no secret, as a client hands it back: opaque, so that nobody
/// counts on what it is made of, and with a checksum (CRC-32), so that one that was cut or changed
/// is refused and not taken for another place.
[[nodiscard]] std::string write_cursor(std::int64_t id);

/// The row that a cursor of `write_cursor` stands behind; nothing for any other text.
[[nodiscard]] std::optional<std::int64_t> read_cursor(std::string_view text);

}  // namespace sevenstops::stops
