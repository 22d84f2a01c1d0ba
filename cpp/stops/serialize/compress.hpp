#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "http/negotiation.hpp"

namespace sevenstops::stops {

/// Whether bytes of a type become fewer when they are compressed; what nobody knows (octet-stream)
/// may be compressed already.
[[nodiscard]] bool worth_compressing(std::string_view content_type);

/// `bytes` in gzip (RFC 1952) or zstd (RFC 8878); nothing when that would be more than `most`
/// bytes. The thread keeps a compressor for the next time. Throws std::runtime_error where there is
/// no memory for it.
[[nodiscard]] std::optional<std::string> compress(std::string_view bytes, http::Coding coding,
                                                  int level, std::size_t most);

}  // namespace sevenstops::stops
