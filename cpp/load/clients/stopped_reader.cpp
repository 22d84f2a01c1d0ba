#include "load/clients/conversation.hpp"

namespace sevenstops::load {
namespace {

Task<> run(Worker& worker, const Crowd& crowd, CrowdRecord& record) {
  Conversation with(worker, crowd, record);
  with.list_what_comes();
  if (!co_await with.open() || !co_await with.send(with.head("GET"))) {
    co_return;
  }
  const auto enough = static_cast<std::uint64_t>(crowd.bytes);
  while (with.bytes_read() < enough) {
    const auto most = std::min<std::uint64_t>(enough - with.bytes_read(), Socket::everything);
    if (!co_await with.receive(0, static_cast<std::size_t>(most))) {
      co_return;
    }
  }
  co_await worker.engine().sleep_until(worker.end());
}

const RegisterClient registered(
    {.name = "stopped_reader",
     .meaning = "reads `bytes` of its answer, then nothing, and keeps the connection",
     .needs = {},
     .lasting = true,
     .run = run});

}  // namespace
}  // namespace sevenstops::load
