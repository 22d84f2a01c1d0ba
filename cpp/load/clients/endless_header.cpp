#include "load/clients/conversation.hpp"

namespace sevenstops::load {
namespace {

Task<> run(Worker& worker, const Crowd& crowd, CrowdRecord& record) {
  Conversation with(worker, crowd, record);
  constexpr int lines = 16;
  std::string piece;
  for (int i = 0; i < lines; ++i) {
    piece.append("X-Endless: ").append(1000, 'a').append("\r\n");
  }
  if (co_await with.open() && co_await with.send(with.head("GET", ""))) {
    (void)co_await with.send_until_answered(piece, crowd.bytes);
    (void)co_await with.receive(with.read_timeout());
  }
}

const RegisterClient registered(
    {.name = "endless_header",
     .meaning = "sends fields for up to `bytes` and never ends its head",
     .needs = {"bytes"},
     .run = run});

}  // namespace
}  // namespace sevenstops::load
