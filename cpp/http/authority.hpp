#pragma once

#include <string_view>

namespace sevenstops::http {

/// Whether it is a host, with a port or without (RFC 3986, 3.2.2): a name, an IPv4 address, or an
/// IPv6 address in brackets. User information is none of it (RFC 9110, 4.2.4).
[[nodiscard]] bool valid_authority(std::string_view authority);

}  // namespace sevenstops::http
