#include "load/clients/conversation.hpp"

namespace sevenstops::load {
namespace {

Task<> run(Worker& worker, const Crowd& crowd, CrowdRecord& record) {
  Conversation with(worker, crowd, record);
  if (co_await with.open() && co_await with.send(with.head("GET"))) {
    co_await with.pause(crowd.pause);
    // socket(7): closing with a linger of 0 sends a reset in place of an orderly end.
    constexpr linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(with.channel().socket().fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }
}

const RegisterClient registered(
    {.name = "resetter",
     .meaning = "resets the connection `pause` seconds after its request",
     .needs = {},
     .run = run});

}  // namespace
}  // namespace sevenstops::load
