#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace sevenstops::base {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

/// Completes with a tuple whose first part is the error, instead of throwing it.
inline constexpr auto as_tuple = asio::as_tuple(asio::use_awaitable);

}  // namespace sevenstops::base
