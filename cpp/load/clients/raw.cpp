#include "load/clients/conversation.hpp"

namespace sevenstops::load {
namespace {

// Plans are text; each character up to U+00FF stands for one byte.
std::string latin1(std::string_view utf8) {
  std::string bytes;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto c = static_cast<unsigned char>(utf8[i]);
    const bool two_bytes = (c == 0xc2 || c == 0xc3) && i + 1 < utf8.size();
    bytes.push_back(
        two_bytes ? static_cast<char>(((c & 3) << 6) | (static_cast<unsigned char>(utf8[++i]) & 63))
                  : utf8[i]);
  }
  return bytes;
}

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
