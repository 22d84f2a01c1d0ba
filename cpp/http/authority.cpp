#include "http/authority.hpp"

#include <boost/asio/ip/address_v6.hpp>

#include "base/numbers.hpp"
#include "http/characters.hpp"

namespace sevenstops::http {
namespace {

// RFC 3986, 3.2.3 lets a port be empty, and have any digits; there is none beyond 65535.
bool valid_port(std::string_view port) {
  return port.empty() || (port.size() <= 5 && base::parse_number<std::uint16_t>(port).has_value());
}

// RFC 3986, 3.2.2: IPv6address, and no IPvFuture, as none is defined. A zone (RFC 6874) means
// something to its own machine only.
bool valid_literal(std::string_view address) {
  boost::system::error_code error;
  (void)boost::asio::ip::make_address_v6(address, error);
  return !error && address.find('%') == std::string_view::npos;
}

}  // namespace

bool valid_authority(std::string_view authority) {
  const bool literal = authority.starts_with('[');
  const auto end = literal ? authority.find(']') : authority.find(':');
  const auto host = authority.substr(literal ? 1 : 0, literal ? end - 1 : end);
  if (literal && (end == std::string_view::npos || !valid_literal(host))) {
    return false;
  }
  if (!literal && (host.empty() || !all_in(unreserved_characters, host))) {
    return false;
  }
  const auto rest = end == std::string_view::npos ? std::string_view()
                                                  : authority.substr(end + (literal ? 1 : 0));
  return rest.empty() || (rest.front() == ':' && valid_port(rest.substr(1)));
}

}  // namespace sevenstops::http
