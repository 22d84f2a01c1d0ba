#include <algorithm>
#include <string>
#include <vector>

#include "promise.hpp"
#include "stops/http2/session.hpp"
#include "targets.hpp"

namespace sevenstops::fuzz {
namespace {

using namespace stops;

// Numbers a second would make an outcome a matter of time.
const Http2Settings settings = {.streams = 8,
                                .stream_window = 1024,
                                .connection_window = 65535,
                                .resets = 0,
                                .made_resets = 0,
                                .pings = 0,
                                .settings = 0,
                                .priorities = 0,
                                .empty_frames = 0,
                                .window_updates = 0};
const http::HeadLimits limits = {.request_line = 256, .head = 1024, .fields = 16};

// What was understood of a connection's bytes.
struct Understood {
  bool goes_on = true;
  std::optional<http::Reason> trouble;
  std::vector<std::string> requests;
  std::size_t refused = 0;
  bool operator==(const Understood&) const = default;
};

std::string told(const Http2Stream& stream) {
  const auto& request = stream.request;
  std::string text = std::to_string(stream.id);
  if (!stream.parsed) {
    return text.append(" refused ").append(http::info(stream.parsed.error().reason).name);
  }
  text.append(" ").append(request.method).append(" ").append(request.target);
  int hosts = 0;
  for (const auto& [name, value] : request.fields) {
    text.append("\n").append(name).append(": ").append(value);
    hosts += name == "host" ? 1 : 0;
    require(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos,
            "no value parts lines");
    require(name != "connection" && name != "transfer-encoding" && name != "upgrade",
            "no field belongs to the connection");
  }
  require(hosts == 1, "a request has one host");
  require(request.path.starts_with('/') || request.path == "*", "a path begins with a slash");
  require(request.head.size() <= static_cast<std::size_t>(limits.head) + limits.head,
          "a head keeps its limit");
  return text;
}

Understood understand(std::string_view bytes, std::size_t step) {
  Understood result;
  Http2Session session(settings, {.early = limits, .last = limits},
                       [&](http::Reason) { ++result.refused; });
  std::vector<std::int32_t> opened;
  while (!bytes.empty() && result.goes_on) {
    result.goes_on = session.feed(bytes.substr(0, step));
    bytes.remove_prefix(std::min(step, bytes.size()));
    for (const auto id : session.opened()) {
      opened.push_back(id);
      result.requests.push_back(told(*session.streams().at(id)));
    }
    for (const auto& [id, stream] : session.streams()) {
      // Nobody has acknowledged the stream's.
      require(stream->in.size() <= static_cast<std::size_t>(settings.connection_window),
              "a body keeps the connection's window");
    }
  }
  result.trouble = session.trouble();
  // Every one gets an answer, of which the client may have left no way to take it.
  std::string out;
  for (const auto id : opened) {
    auto& stream = *session.streams().at(id);
    stream.out = "ok\n";
    stream.finished = true;
    if (!stream.closed) {
      session.submit(stream, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n");
    }
  }
  session.gather(out, std::size_t{1} << 20);
  session.taken();
  for (const auto id : opened) {
    session.retire(*session.streams().at(id));
  }
  session.end();
  session.gather(out, std::size_t{1} << 20);
  session.close_streams();
  require(session.streams().empty(), "no stream is left");
  return result;
}

}  // namespace

void http2(std::span<const std::uint8_t> bytes) {
  const auto text = std::string(NGHTTP2_CLIENT_MAGIC) + text_of(bytes);
  const auto whole = understand(text, text.size());
  for (const std::size_t step : {1, 7, 64}) {
    require(understand(text, step) == whole, "frames read the same however they are cut");
  }
}

}  // namespace sevenstops::fuzz
