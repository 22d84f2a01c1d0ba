#include <nghttp2/nghttp2.h>

#include <vector>

#include "load/clients/conversation.hpp"
#include "load/clients/latin1.hpp"

namespace sevenstops::load {
namespace {

// RFC 9113, 4.1: three bytes of length, type, flags, and four of the stream's number.
constexpr std::size_t frame_head = 9;
constexpr std::size_t number_at = 5;

// Frames that are sent again and again. Those of a stream get a new one each time, as a client's
// streams are numbered: 1, 3, 5 (RFC 9113, 5.1.1).
class Frames {
 public:
  explicit Frames(const Crowd& crowd) {
    for (const auto& [text, seconds] : crowd.pieces) {
      bytes_ += latin1(text);
    }
    std::size_t at = 0;
    while (at + frame_head <= bytes_.size()) {
      const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes_[at + i]); };
      const auto number = bytes_.substr(at + number_at, 4);
      if (number != std::string(4, '\0')) {
        streams_.push_back(at + number_at);
      }
      at += frame_head + (std::size_t{byte(0)} << 16 | std::size_t{byte(1)} << 8 | byte(2));
    }
  }

  void append(std::string& out, std::uint32_t stream) const {
    const auto begin = out.size();
    out.append(bytes_);
    for (const auto at : streams_) {
      for (std::size_t i = 0; i < 4; ++i) {
        out[begin + at + i] = static_cast<char>(stream >> (8 * (3 - i)));
      }
    }
  }

 private:
  std::string bytes_;
  std::vector<std::size_t> streams_;
};

Task<> run(Worker& worker, const Crowd& crowd, CrowdRecord& record) {
  constexpr double turn = 0.005;
  constexpr std::size_t most_at_once = 65536;
  const Frames frames(crowd);
  Conversation with(worker, crowd, record);
  if (!co_await with.open()) {
    co_return;
  }
  std::string out(NGHTTP2_CLIENT_MAGIC);
  // SETTINGS with nothing in it.
  out.append({0, 0, 0, NGHTTP2_SETTINGS, 0, 0, 0, 0, 0});
  const auto began = worker.now();
  std::uint32_t sent = 0;
  bool going = true;
  while (going && !with.over()) {
    const auto due = crowd.rate * base::in_seconds(worker.now() - began);
    while (sent < due && out.size() < most_at_once) {
      frames.append(out, 2 * sent + 1);
      ++sent;
    }
    if (!out.empty()) {
      going = co_await with.send(out);
      out.clear();
    }
    while (going && with.heard()) {
      going = co_await with.receive(with.read_timeout());
    }
    if (going && sent >= due) {
      co_await with.pause(turn);
    }
  }
  co_await with.pause(crowd.pause);
}

const RegisterClient registered(
    {.name = "http2_flood",
     .meaning = "HTTP/2: sends the frames in `pieces` `rate` times a second, on a new stream each "
                "time, until the peer ends the connection, and rests for `pause` seconds then",
     .needs = {"pieces", "rate"},
     .run = run});

}  // namespace
}  // namespace sevenstops::load
