#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "load/clients/conversation.hpp"
#include "load/clients/latin1.hpp"

namespace sevenstops::load {
namespace {

// RFC 9113, 4.1: three bytes of length, type, flags, and four of the stream's number.
constexpr std::size_t frame_head = 9;
constexpr std::size_t stream_at = 5;

std::uint32_t number(std::string_view bytes) {
  std::uint32_t n = 0;
  for (const char byte : bytes) {
    n = n << 8 | static_cast<unsigned char>(byte);
  }
  return n;
}

// Frames that are sent again and again. Their streams get new numbers each time, since a client's
// are used once, and grow (RFC 9113, 5.1.1).
class Frames {
 public:
  explicit Frames(const Crowd& crowd) {
    for (const auto& [text, seconds] : crowd.pieces) {
      bytes_ += latin1(text);
    }
    std::size_t at = 0;
    while (at + frame_head <= bytes_.size()) {
      const auto head = std::string_view(bytes_).substr(at, frame_head);
      if (const auto stream = number(head.substr(stream_at)); stream != 0) {
        streams_.emplace_back(at + stream_at, stream);
        most_ = std::max(most_, stream);
      }
      at += frame_head + number(head.substr(0, 3));
    }
  }

  // Once more, for the time so many times after the first.
  void append(std::string& out, std::uint32_t times) const {
    const auto begin = out.size();
    out.append(bytes_);
    for (const auto& [at, stream] : streams_) {
      const auto now = stream + (most_ + 1) * times;
      for (std::size_t i = 0; i < 4; ++i) {
        out[begin + at + i] = static_cast<char>(now >> (8 * (3 - i)));
      }
    }
  }

 private:
  std::string bytes_;
  // Where the number of a stream stands, and what it is the first time.
  std::vector<std::pair<std::size_t, std::uint32_t>> streams_;
  std::uint32_t most_ = 0;
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
      frames.append(out, sent++);
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
     .meaning = "HTTP/2: sends the frames in `pieces` `rate` times a second, on new streams each "
                "time, until the peer ends the connection, and rests for `pause` seconds then",
     .needs = {"pieces", "rate"},
     .run = run});

}  // namespace
}  // namespace sevenstops::load
