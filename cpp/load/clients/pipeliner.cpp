#include "load/clients/conversation.hpp"

namespace sevenstops::load {
namespace {

Task<> run(Worker& worker, const Crowd& crowd, CrowdRecord& record) {
  Conversation with(worker, crowd, record);
  if (!co_await with.open()) {
    co_return;
  }
  std::string requests;
  for (std::int64_t i = 1; i < crowd.depth; ++i) {
    requests += with.head("GET");
  }
  requests += with.head("GET", "Connection: close\r\n\r\n");
  if (co_await with.send(requests)) {
    co_await with.receive_all(with.read_timeout());
  }
}

const RegisterClient registered(
    {.name = "pipeliner",
     .meaning = "sends `depth` requests without waiting for an answer, then reads them all",
     .needs = {},
     .run = run});

}  // namespace
}  // namespace sevenstops::load
