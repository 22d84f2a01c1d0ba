#pragma once

#include <functional>

#include "base/asio.hpp"

namespace sevenstops::test {

namespace asio = boost::asio;

using Body = std::function<asio::awaitable<void>()>;

/// Runs `body()`, and all that it leaves behind on `io`, to its end. What it throws comes out. A
/// test that waits for ever ends the program instead.
void run(asio::io_context& io, const Body& body);
void run(const Body& body);

}  // namespace sevenstops::test
