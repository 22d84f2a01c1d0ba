#include "load/clients/conversation.hpp"

namespace sevenstops::load {
namespace {

Task<> run(Worker& worker, const Crowd& crowd, CrowdRecord& record) {
  Conversation with(worker, crowd, record);
  constexpr double tick = 0.1;
  constexpr double least = 16;
  const auto at_once = std::max({1.0, crowd.rate * tick, std::min(crowd.rate, least)});
  const std::string piece(static_cast<std::size_t>(at_once), 'b');
  const auto length = "Content-Length: " + std::to_string(crowd.bytes) + "\r\n\r\n";
  if (!co_await with.open() || !co_await with.send(with.head("POST", length))) {
    co_return;
  }
  std::int64_t sent = 0;
  while (sent < crowd.bytes && !with.over() && !with.heard()) {
    const auto size = std::min(static_cast<std::int64_t>(piece.size()), crowd.bytes - sent);
    if (!co_await with.send(std::string_view(piece).substr(0, static_cast<std::size_t>(size)))) {
      break;
    }
    sent += size;
    co_await with.pace(static_cast<double>(size) / crowd.rate);
  }
  (void)co_await with.receive(with.read_timeout());
}

const RegisterClient registered(
    {.name = "slow_body",
     .meaning = "declares a body of `bytes` and sends it at `rate` bytes a second",
     .needs = {"rate", "bytes"},
     .lasting = true,
     .run = run});

}  // namespace
}  // namespace sevenstops::load
