#include <zlib.h>

#include <array>
#include <random>
#include <span>
#include <stdexcept>

#include "stops/handle/endpoint.hpp"

namespace sevenstops::stops {
namespace {

constexpr unsigned width = 120;
constexpr unsigned height = 90;

void append_big_endian(std::string& out, std::uint32_t number) {
  for (const int shift : {24, 16, 8, 0}) {
    out.push_back(static_cast<char>(number >> shift));
  }
}

// PNG, 5.3: length, type and data of a chunk, and the CRC of the latter two.
void append_chunk(std::string& out, std::string_view type, std::string_view data) {
  append_big_endian(out, static_cast<std::uint32_t>(data.size()));
  const auto from = out.size();
  out.append(type).append(data);
  const auto* const covered = reinterpret_cast<const Bytef*>(out.data() + from);
  append_big_endian(
      out, static_cast<std::uint32_t>(::crc32(0, covered, static_cast<uInt>(out.size() - from))));
}

std::string deflated(std::string_view bytes) {
  auto size = ::compressBound(bytes.size());
  std::string out(size, '\0');
  if (::compress(reinterpret_cast<Bytef*>(out.data()), &size,
                 reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()) != Z_OK) {
    throw std::runtime_error("zlib has no memory for a picture");
  }
  out.resize(size);
  return out;
}

// A picture that stays as large as it is, whatever one does to it: noise in eight bits of red,
// green and blue (PNG, 11.2.1, 9.2: each row begins with its filter, here none).
std::string noise() {
  constexpr std::string_view signature = "\x89PNG\r\n\x1a\n";
  constexpr std::string_view eight_bits_of_rgb("\x08\x02\x00\x00\x00", 5);
  std::mt19937 random(7);
  std::string pixels;
  for (unsigned y = 0; y < height; ++y) {
    pixels.push_back('\0');
    for (unsigned x = 0; x < 3 * width; ++x) {
      pixels.push_back(static_cast<char>(random()));
    }
  }
  std::string header;
  append_big_endian(header, width);
  append_big_endian(header, height);
  header.append(eight_bits_of_rgb);
  std::string png(signature);
  append_chunk(png, "IHDR", header);
  append_chunk(png, "IDAT", deflated(pixels));
  append_chunk(png, "IEND", {});
  return png;
}

asio::awaitable<http::Outcome<Result>> picture(Resources& /*resources*/, Call /*call*/) {
  static const std::string png = noise();
  co_return Text{.text = png, .content_type = "image/png", .lasting = true};
}

const RegisterEndpoint registered{
    {"picture",
     picture,
     {.summary = "A picture of noise, 32 KB", .kind = AnswerKind::png, .lasting = true}}};

}  // namespace
}  // namespace sevenstops::stops
