#include "load/clients/conversation.hpp"

namespace sevenstops::load {
namespace {

Task<> run(Worker& worker, const Crowd& crowd, CrowdRecord& record) {
  Conversation with(worker, crowd, record);
  constexpr std::string_view line = "X-Slow: y\r\n";
  if (!co_await with.open()) {
    co_return;
  }
  auto bytes = with.head("GET", "");
  while (!with.over() && !with.heard()) {
    if (!co_await with.send(bytes)) {
      break;
    }
    bytes = line;
    co_await with.pace(static_cast<double>(line.size()) / crowd.rate);
  }
  co_await with.receive_all(with.read_timeout());
}

const RegisterClient registered(
    {.name = "slow_header",
     .meaning = "never ends its head: a field now and then, `rate` bytes a second (slowloris)",
     .needs = {"rate"},
     .lasting = true,
     .run = run});

}  // namespace
}  // namespace sevenstops::load
