#include "stops/serialize/compress.hpp"

#include <zlib.h>
#include <zstd.h>

#include <limits>
#include <memory>
#include <stdexcept>

namespace sevenstops::stops {
namespace {

// One of zlib, with the wrapper of gzip.
class Gzip {
 public:
  explicit Gzip(int level) : level_(level) {
    constexpr int gzip_of_32_kib = 15 + 16;
    constexpr int usual_memory = 8;
    if (deflateInit2(&stream_, level, Z_DEFLATED, gzip_of_32_kib, usual_memory,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
      throw std::runtime_error("zlib has no memory for a compressor");
    }
  }
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;
  ~Gzip() { deflateEnd(&stream_); }

  [[nodiscard]] int level() const { return level_; }

  // What it has written of `out`; nothing where it has not enough room.
  std::optional<std::size_t> write(std::string_view bytes, std::string& out) {
    deflateReset(&stream_);
    // It never writes to what it reads.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(out.size());
    return deflate(&stream_, Z_FINISH) == Z_STREAM_END ? std::optional(stream_.total_out)
                                                       : std::nullopt;
  }

 private:
  int level_;
  z_stream stream_{};
};

std::optional<std::size_t> gzip(std::string_view bytes, int level, std::string& out) {
  thread_local std::unique_ptr<Gzip> kept;
  if (!kept || kept->level() != level) {
    kept = std::make_unique<Gzip>(level);
  }
  return kept->write(bytes, out);
}

std::optional<std::size_t> zstd(std::string_view bytes, int level, std::string& out) {
  struct Free {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  };
  thread_local const std::unique_ptr<ZSTD_CCtx, Free> kept(ZSTD_createCCtx());
  if (!kept) {
    throw std::runtime_error("zstd has no memory for a compressor");
  }
  const auto written =
      ZSTD_compressCCtx(kept.get(), out.data(), out.size(), bytes.data(), bytes.size(), level);
  return ZSTD_isError(written) != 0 ? std::nullopt : std::optional(written);
}

}  // namespace

bool worth_compressing(std::string_view content_type) {
  return content_type.starts_with("text/") || content_type == "application/json";
}

std::optional<std::string> compress(std::string_view bytes, http::Coding coding, int level,
                                    std::size_t most) {
  // zlib counts in 32 bits.
  if (coding == http::Coding::identity || bytes.size() > std::numeric_limits<uInt>::max() ||
      most > std::numeric_limits<uInt>::max()) {
    return std::nullopt;
  }
  std::string out(most, '\0');
  const auto written =
      coding == http::Coding::gzip ? gzip(bytes, level, out) : zstd(bytes, level, out);
  if (!written) {
    return std::nullopt;
  }
  out.resize(*written);
  out.shrink_to_fit();
  return out;
}

}  // namespace sevenstops::stops
