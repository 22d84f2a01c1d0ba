#pragma once

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <string>
#include <string_view>

#include "http/negotiation.hpp"

namespace sevenstops::test {

/// What a client makes of a compressed body; a failure of the test where it can't be read.
inline std::string decompressed(std::string_view bytes, http::Coding coding) {
  constexpr std::size_t most = std::size_t{1} << 22;
  std::string out(most, '\0');
  if (coding == http::Coding::zstd) {
    const auto size = ZSTD_decompress(out.data(), out.size(), bytes.data(), bytes.size());
    EXPECT_EQ(ZSTD_isError(size), 0U);
    out.resize(ZSTD_isError(size) != 0 ? 0 : size);
    return out;
  }
  z_stream stream{};
  constexpr int gzip = 15 + 16;
  EXPECT_EQ(inflateInit2(&stream, gzip), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  EXPECT_EQ(stream.avail_in, 0U);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

}  // namespace sevenstops::test
