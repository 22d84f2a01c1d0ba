#include "load/clients/conversation.hpp"

namespace sevenstops::load {
namespace {

Task<> run(Worker& worker, const Crowd& crowd, CrowdRecord& record) {
  Conversation with(worker, crowd, record);
  if (co_await with.open() && co_await with.send(with.head("GET"))) {
    ::shutdown(with.channel().socket().fd(), SHUT_WR);
    co_await with.receive_all(with.read_timeout());
  }
}

const RegisterClient registered(
    {.name = "half_closer",
     .meaning = "closes its sending side behind the request and reads the answer",
     .needs = {},
     .run = run});

}  // namespace
}  // namespace sevenstops::load
