#include "http/frame.hpp"

#include <algorithm>

#include "http/chunked.hpp"
#include "http/head.hpp"

namespace sevenstops::http {

Outcome<Frame> frame(std::string_view bytes, Request& request, std::uint64_t body_limit) {
  request.clear();
  const auto head = HeadScanner().scan(bytes, {});
  if (!head) {
    return head.error();
  }
  if (*head == 0) {
    return Frame();
  }
  request.head.assign(bytes.substr(0, *head));
  if (const auto parsed = parse_head(request); !parsed) {
    return parsed.error();
  }
  const auto length = request.content_length.value_or(0);
  if (length > body_limit) {
    return Reason::body_limit;
  }
  const auto rest = bytes.substr(*head);
  if (!request.chunked) {
    request.body.assign(rest.substr(0, std::min<std::uint64_t>(length, rest.size())));
    return Frame{
        .head = *head, .used = *head + request.body.size(), .whole = request.body.size() == length};
  }
  ChunkedDecoder decoder(body_limit);
  const auto used = decoder.decode(rest, request.body);
  if (!used) {
    return used.error();
  }
  return Frame{.head = *head, .used = *head + *used, .whole = decoder.done()};
}

}  // namespace sevenstops::http
