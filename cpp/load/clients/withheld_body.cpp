#include <algorithm>

#include "load/clients/conversation.hpp"

namespace sevenstops::load {
namespace {

Task<> run(Worker& worker, const Crowd& crowd, CrowdRecord& record) {
  Conversation with(worker, crowd, record);
  constexpr std::size_t piece_size = 65536;
  const std::string piece(piece_size, 'b');
  const auto length = "Content-Length: " + std::to_string(crowd.bytes) + "\r\n\r\n";
  if (co_await with.open() && co_await with.send(with.head("POST", length))) {
    (void)co_await with.send_until_answered(piece, crowd.bytes - 1);
    co_await with.receive_all(0);
  }
}

const RegisterClient registered(
    {.name = "withheld_body",
     .meaning =
         "sends a body of `bytes` at once, all but the last, and waits until it is hung up on",
     .needs = {"bytes"},
     .lasting = true,
     .run = run});

}  // namespace
}  // namespace sevenstops::load
