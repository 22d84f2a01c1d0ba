#include "targets.hpp"

#include <algorithm>
#include <string>

#include "http/characters.hpp"
#include "http/chunked.hpp"
#include "http/head.hpp"
#include "http/negotiation.hpp"
#include "http/response_scanner.hpp"
#include "promise.hpp"
#include "stops/route/normal_form.hpp"

namespace sevenstops::fuzz {

using namespace http;

namespace {

bool within(std::string_view part, std::string_view whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

// The head's length, or the negative status of its refusal.
long scan(std::string_view bytes, std::size_t step) {
  const HeadLimits limits;
  HeadScanner scanner;
  for (std::size_t held = std::min(step, bytes.size());;
       held = std::min(held + step, bytes.size())) {
    const auto length = scanner.scan(bytes.substr(0, held), limits);
    if (!length) {
      return -static_cast<long>(length.error().status());
    }
    if (*length > 0 || held == bytes.size()) {
      return static_cast<long>(*length);
    }
  }
}

struct Decoded {
  unsigned status = 0;
  bool done = false;
  std::size_t used = 0;
  std::string body;
  bool operator==(const Decoded&) const = default;
};

Decoded decode(std::string_view bytes, std::size_t step, std::uint64_t limit) {
  ChunkedDecoder decoder(limit);
  Decoded result;
  while (!decoder.done() && result.used < bytes.size()) {
    const auto used = decoder.decode(bytes.substr(result.used, step), result.body);
    if (!used) {
      // How much of a refused body was kept depends on how it came.
      result.body.clear();
      result.used = 0;
      result.status = used.error().status();
      return result;
    }
    result.used += *used;
  }
  result.done = decoder.done();
  return result;
}

struct Answered {
  ResponseScanner::State state = ResponseScanner::State::more;
  unsigned status = 0;
  std::size_t left = 0;
  std::string body;
  bool operator==(const Answered&) const = default;
};

Answered read_answer(std::string_view bytes, std::size_t step) {
  ResponseScanner scanner;
  Answered result;
  scanner.begin(false, &result.body);
  while (result.state == ResponseScanner::State::more && !bytes.empty()) {
    auto piece = bytes.substr(0, step);
    const auto size = piece.size();
    result.state = scanner.feed(piece);
    require(piece.size() <= size, "a scanner takes no more than there is");
    bytes.remove_prefix(size - piece.size());
  }
  if (result.state == ResponseScanner::State::malformed) {
    // How far a malformed answer was read depends on how it came.
    return {.state = result.state};
  }
  result.status = scanner.status();
  result.left = bytes.size();
  return result;
}

}  // namespace

void head(std::span<const std::uint8_t> bytes) {
  const auto text = text_of(bytes);
  const auto whole = scan(text, text.size() + 1);
  require(scan(text, 1) == whole, "a head is the same however it is cut");
  if (whole <= 0) {
    return;
  }
  Request request;
  request.clear();
  request.head = text.substr(0, static_cast<std::size_t>(whole));
  if (!parse_head(request)) {
    return;
  }
  require(!request.method.empty() && (request.path.starts_with('/') || request.target == "*"),
          "a request has its parts");
  require(!(request.chunked && request.content_length), "a body has one framing");
  for (const auto& field : request.fields) {
    require(within(field.name, request.head) && within(field.value, request.head),
            "fields lie within the head");
    require(field.value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos,
            "no field carries a line break or NUL");
  }
}

void chunked(std::span<const std::uint8_t> bytes) {
  constexpr std::uint64_t limit = 4096;
  const auto text = text_of(bytes);
  const auto whole = decode(text, text.size() + 1, limit);
  require(decode(text, 1, limit) == whole, "a body is the same however it is cut");
  require(decode(text, 7, limit) == whole, "a body is the same however it is cut");
  require(whole.body.size() <= limit, "a body keeps its limit");
}

void answer(std::span<const std::uint8_t> bytes) {
  const auto text = text_of(bytes);
  const auto whole = read_answer(text, text.size() + 1);
  require(read_answer(text, 1) == whole, "an answer is the same however it is cut");
  require(read_answer(text, 7) == whole, "an answer is the same however it is cut");
  require(
      whole.state != ResponseScanner::State::done || (whole.status >= 200 && whole.status < 600),
      "a whole answer has a final status");
}

void path(std::span<const std::uint8_t> bytes) {
  const auto text = "/" + text_of(bytes);
  std::string normal;
  if (!stops::normalize_path(text, normal)) {
    return;
  }
  std::string again;
  require(stops::normalize_path(normal, again) && again == normal, "a normal form is its own");
  require(normal.find("//") == std::string::npos, "a normal form has no empty segment");
}

void negotiation(std::span<const std::uint8_t> bytes) {
  constexpr std::string_view tag = "\"0a-gzip\"";
  const auto text = text_of(bytes);
  const auto line = std::min(text.find('\n'), text.size());
  const auto codings = std::string_view(text).substr(0, line);
  const auto tags = std::string_view(text).substr(std::min(line + 1, text.size()));
  Request request;
  request.fields = {{"accept-encoding", codings}, {"if-none-match", tags}};
  const auto coding = preferred_coding(request);
  std::string lowered(codings);
  std::ranges::transform(lowered, lowered.begin(), lower);
  require(coding == Coding::identity || lowered.find(name_of(coding)) != std::string::npos ||
              lowered.find('*') != std::string::npos,
          "a coding that is chosen was named");
  require(!none_match_names(request, tag) || tags.find(tag) != std::string_view::npos ||
              tags.find('*') != std::string_view::npos,
          "a tag that is found was written");
  const auto first = std::string(tag) + "," + std::string(tags);
  request.fields[1].value = first;
  require(none_match_names(request, tag), "a tag that stands first is found");
}

}  // namespace sevenstops::fuzz
