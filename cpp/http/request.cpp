#include "http/request.hpp"

#include <algorithm>

#include "http/characters.hpp"

namespace sevenstops::http {

const HeaderField* Request::find(std::string_view name) const {
  const auto found =
      std::ranges::find_if(fields, [&](const HeaderField& f) { return iequals(f.name, name); });
  return found == fields.end() ? nullptr : &*found;
}

void Request::clear() {
  // A connection that has no request holds next to nothing.
  constexpr std::size_t kept = 512;
  head.clear();
  if (head.capacity() > kept) {
    head.shrink_to_fit();
  }
  method = target = path = query = {};
  major_version = minor_version = 1;
  fields.clear();
  content_length.reset();
  chunked = false;
  both_framings = false;
  keep_alive = true;
  expects_continue = false;
  body.clear();
  if (body.capacity() > kept) {
    body.shrink_to_fit();
  }
  body_read = false;
}

}  // namespace sevenstops::http
