#include "run.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <utility>

namespace sevenstops::test {

void run(asio::io_context& io, const Body& body) {
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

void run(const Body& body) {
  asio::io_context io;
  run(io, body);
}

}  // namespace sevenstops::test
