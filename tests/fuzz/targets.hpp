#pragma once

#include <cstdint>
#include <span>

namespace sevenstops::fuzz {

/// Each takes bytes as a hostile peer could send them and aborts when a promise of the parser is
/// broken. Built for libFuzzer with SEVENSTOPS_FUZZ; the tests run them over seeded mutations.
using Target = void (*)(std::span<const std::uint8_t>);

/// A head gets the same answer however it is cut, and no view leaves it.
void head(std::span<const std::uint8_t> bytes);
/// Parse frames a request alike however it is cut, and as http::frame does; what follows it is left
/// alone.
void guard(std::span<const std::uint8_t> bytes);
/// A chunked body gets the same answer however it is cut, and never passes its limit.
void chunked(std::span<const std::uint8_t> bytes);
/// An answer reads the same however it is cut, and what follows it is left alone.
void answer(std::span<const std::uint8_t> bytes);
/// A path's normal form is its own normal form.
void path(std::span<const std::uint8_t> bytes);
/// In two lines, Accept-Encoding and If-None-Match: nobody gets a coding that he did not name, and
/// a tag is found where it stands first, and nowhere where it isn't written.
void negotiation(std::span<const std::uint8_t> bytes);
/// Of a table and requests for it, in lines, each request gets a route that matches it, of which
/// the tree's is the most specific; and the tree finds none only where the order of registration
/// does.
void router(std::span<const std::uint8_t> bytes);
/// Frames of HTTP/2 that follow its preface read the same however they are cut; what is taken of
/// them for a request is one that HTTP/1.1 could tell, and nobody holds more than a window.
void http2(std::span<const std::uint8_t> bytes);
/// What the guard takes, llhttp frames exactly alike. Built where llhttp is.
void llhttp(std::span<const std::uint8_t> bytes);

}  // namespace sevenstops::fuzz
