#include "load/clients/conversation.hpp"

namespace sevenstops::load {
namespace {

Task<> run(Worker& worker, const Crowd& crowd, CrowdRecord& record) {
  Conversation with(worker, crowd, record);
  if (co_await with.open()) {
    co_await with.receive_all(0);
  }
}

const RegisterClient registered({.name = "connection_flood",
                                 .meaning = "connects and says nothing until the peer hangs up",
                                 .needs = {},
                                 .lasting = true,
                                 .run = run});

}  // namespace
}  // namespace sevenstops::load
