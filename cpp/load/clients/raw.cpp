#include "load/clients/conversation.hpp"
#include "load/clients/latin1.hpp"

namespace sevenstops::load {
namespace {

Task<> run(Worker& worker, const Crowd& crowd, CrowdRecord& record) {
  Conversation with(worker, crowd, record);
  with.list_what_comes(crowd.pieces.front().first.starts_with("HEAD "));
  if (!co_await with.open()) {
    co_return;
  }
  for (const auto& [text, seconds] : crowd.pieces) {
    const auto bytes = latin1(text);
    if (!co_await with.send(bytes)) {
      break;
    }
    if (seconds > 0) {
      co_await with.pause(seconds);
    }
  }
  bool more = true;
  while (more && !with.answer_ended()) {
    more = co_await with.receive(with.read_timeout());
  }
}

const RegisterClient registered(
    {.name = "raw",
     .meaning = "sends `pieces` as they are, waiting after each, and reads the first answer",
     .needs = {"pieces"},
     .run = run});

}  // namespace
}  // namespace sevenstops::load
