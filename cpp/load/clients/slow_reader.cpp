#include <cmath>

#include "load/clients/conversation.hpp"

namespace sevenstops::load {
namespace {

Task<> run(Worker& worker, const Crowd& crowd, CrowdRecord& record) {
  Conversation with(worker, crowd, record);
  with.list_what_comes();
  constexpr int receive_buffer = 16384;
  constexpr double tick = 0.02;
  // A few bytes a tick would cost more than they slow: then a kilobyte, or once a second.
  constexpr double least = 1000;
  // Set before the handshake, which fixes the window that is offered.
  ::setsockopt(with.channel().socket().fd(), SOL_SOCKET, SO_RCVBUF, &receive_buffer,
               sizeof receive_buffer);
  if (!co_await with.open() || !co_await with.send(with.head("GET", "Connection: close\r\n\r\n"))) {
    co_return;
  }
  const auto size = std::max({1.0, crowd.rate * tick, std::min(crowd.rate, least)});
  // Each has its own moment to begin, within the time of one read.
  const auto start = worker.now() - base::seconds(worker.chance() * std::floor(size) / crowd.rate);
  while (!with.over() && co_await with.receive(0, static_cast<std::size_t>(size))) {
    const auto due = start + base::seconds(static_cast<double>(with.bytes_read()) / crowd.rate);
    co_await worker.engine().sleep_until(std::min(due, worker.end()));
  }
}

const RegisterClient registered({.name = "slow_reader",
                                 .meaning = "reads its answer at `rate` bytes a second",
                                 .needs = {"rate"},
                                 .run = run});

}  // namespace
}  // namespace sevenstops::load
