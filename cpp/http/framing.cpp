#include "http/framing.hpp"

#include <algorithm>

#include "base/numbers.hpp"
#include "http/authority.hpp"
#include "http/characters.hpp"

namespace sevenstops::http {
namespace {

// What the fields have said so far.
struct Said {
  int hosts = 0;
  int lengths = 0;
  int codings = 0;
  int credentials = 0;
  int types = 0;
  bool close = false;
  bool keep_alive = false;
};

bool lists(std::string_view value, std::string_view word) {
  while (!value.empty()) {
    const auto comma = value.find(',');
    if (iequals(trim(value.substr(0, comma)), word)) {
      return true;
    }
    value = comma == std::string_view::npos ? std::string_view() : value.substr(comma + 1);
  }
  return false;
}

// RFC 9112, 3.2: a Host that is no host is refused.
Outcome<void> read_host(std::string_view value, Said& said) {
  ++said.hosts;
  return valid_authority(value) ? Outcome<void>() : Outcome<void>(Reason::host);
}

// RFC 9112, 6.3: an invalid length is refused. So is a list of equal ones, which the RFC lets be
// read as one. 18 digits can't overflow 64 bits, and leading zeros add nothing that an honest
// sender needs.
Outcome<void> read_content_length(std::string_view value, Said& said, Request& request) {
  constexpr std::size_t most_digits = 18;
  ++said.lengths;
  if (value.empty() || value.size() > most_digits || !std::ranges::all_of(value, is_digit) ||
      (value.size() > 1 && value.front() == '0')) {
    return Reason::content_length;
  }
  request.content_length = base::parse_number<std::uint64_t>(value);
  return {};
}

// RFC 9112, 6.1: a coding that is not understood is refused; chunked is the only one that is.
Outcome<void> read_transfer_encoding(std::string_view value, Said& said, Request& request) {
  ++said.codings;
  request.chunked = iequals(value, "chunked");
  return request.chunked ? Outcome<void>() : Outcome<void>(Reason::transfer_encoding);
}

// RFC 9110, 7.6.1: what Connection names is dropped on the way, by one layer and not by another.
Outcome<void> read_connection(std::string_view value, Said& said) {
  if (lists(value, "content-length") || lists(value, "transfer-encoding") || lists(value, "host")) {
    return Reason::connection_names_framing;
  }
  said.close = said.close || lists(value, "close");
  said.keep_alive = said.keep_alive || lists(value, "keep-alive");
  return {};
}

// RFC 9110, 10.1.1: what is expected and not known is refused; HTTP/1.0 expects nothing.
Outcome<void> read_expect(std::string_view value, Request& request) {
  request.expects_continue = request.minor_version == 1;
  return iequals(value, "100-continue") ? Outcome<void>() : Outcome<void>(Reason::expectation);
}

Outcome<void> read(const HeaderField& field, Said& said, Request& request) {
  const auto& [name, value] = field;
  if (iequals(name, "host")) {
    return read_host(value, said);
  }
  if (iequals(name, "content-length")) {
    return read_content_length(value, said, request);
  }
  if (iequals(name, "transfer-encoding")) {
    return read_transfer_encoding(value, said, request);
  }
  if (iequals(name, "connection")) {
    return read_connection(value, said);
  }
  if (iequals(name, "expect")) {
    return read_expect(value, request);
  }
  said.credentials += iequals(name, "authorization") ? 1 : 0;
  said.types += iequals(name, "content-type") ? 1 : 0;
  return {};
}

// RFC 9112, 3.2: more than one is refused, and so is none on HTTP/1.1.
Outcome<void> one_host(const Said& said, const Request& request) {
  const bool needed = request.minor_version == 1;
  return said.hosts > 1 || (said.hosts == 0 && needed) ? Outcome<void>(Reason::host)
                                                       : Outcome<void>();
}

// RFC 9112, 6.3: two lengths are two opinions, even where they are equal.
Outcome<void> one_length(const Said& said) {
  return said.lengths > 1 ? Outcome<void>(Reason::content_length) : Outcome<void>();
}

// RFC 9112, 6.1: to HTTP/1.0 a coding is faulty framing; twice chunked is none at all.
Outcome<void> one_coding(const Said& said, const Request& request) {
  return said.codings > 1 || (said.codings == 1 && request.minor_version == 0)
             ? Outcome<void>(Reason::transfer_encoding)
             : Outcome<void>();
}

// RFC 9112, 6.3: both framings together may be an attempt to smuggle.
Outcome<void> one_framing(const Said& said, BothFramings both, Request& request) {
  if (said.codings == 0 || said.lengths == 0) {
    return {};
  }
  request.both_framings = true;
  if (both == BothFramings::refuse) {
    return Reason::transfer_encoding;
  }
  if (both == BothFramings::chunked) {
    request.content_length.reset();
  } else {
    request.chunked = false;
  }
  return {};
}

// RFC 9110, 5.3: these are no lists. Two layers that each take another one of the two decide on
// different requests.
Outcome<void> one_of_each(const Said& said) {
  return said.credentials > 1 || said.types > 1 ? Outcome<void>(Reason::repeated_field)
                                                : Outcome<void>();
}

// RFC 9112, 9.3: close wins; HTTP/1.1 goes on, HTTP/1.0 where it is asked for.
bool persists(const Said& said, const Request& request) {
  return (request.minor_version == 1 || said.keep_alive) && !said.close;
}

}  // namespace

Outcome<void> check_framing(Request& request, BothFramings both) {
  Said said;
  for (const auto& field : request.fields) {
    if (const auto taken = read(field, said, request); !taken) {
      return taken;
    }
  }
  if (const auto host = one_host(said, request); !host) {
    return host;
  }
  if (const auto length = one_length(said); !length) {
    return length;
  }
  if (const auto coding = one_coding(said, request); !coding) {
    return coding;
  }
  if (const auto framing = one_framing(said, both, request); !framing) {
    return framing;
  }
  if (const auto each = one_of_each(said); !each) {
    return each;
  }
  request.keep_alive = persists(said, request);
  return {};
}

}  // namespace sevenstops::http
