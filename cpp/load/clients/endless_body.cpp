#include "load/clients/conversation.hpp"

namespace sevenstops::load {
namespace {

Task<> run(Worker& worker, const Crowd& crowd, CrowdRecord& record) {
  Conversation with(worker, crowd, record);
  constexpr std::size_t piece_size = 16384;
  const std::string piece(piece_size, 'b');
  const auto length = "Content-Length: " + std::to_string(crowd.bytes) + "\r\n\r\n";
  if (co_await with.open() && co_await with.send(with.head("POST", length))) {
    (void)co_await with.send_until_answered(piece, crowd.bytes);
    (void)co_await with.receive(with.read_timeout());
  }
}

const RegisterClient registered(
    {.name = "endless_body",
     .meaning = "declares a body of `bytes` and sends it as fast as it is taken",
     .needs = {"bytes"},
     .run = run});

}  // namespace
}  // namespace sevenstops::load
