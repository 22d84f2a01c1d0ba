#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "base/asio.hpp"

namespace sevenstops::test {

namespace asio = boost::asio;

/// Runs `body()`, a coroutine, and all that it leaves behind on `io` to its end. What it throws
/// comes out. A test that waits for ever ends the program instead.
template <class Body>
void run(asio::io_context& io, Body body) {
  constexpr std::chrono::seconds patience{60};
  std::exception_ptr trouble;
  bool ended = false;
  asio::co_spawn(io, body(), [&](std::exception_ptr t) {
    trouble = std::move(t);
    ended = true;
  });
  io.run_for(patience);
  if (!ended || !io.stopped()) {
    std::fputs("a coroutine under test did not end\n", stderr);
    std::abort();
  }
  if (trouble) {
    std::rethrow_exception(trouble);
  }
}

template <class Body>
void run(Body body) {
  asio::io_context io;
  run(io, std::move(body));
}

}  // namespace sevenstops::test
