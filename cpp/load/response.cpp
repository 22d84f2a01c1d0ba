#include "load/response.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "stops/parse/chunked.hpp"

namespace sevenstops {
namespace {

constexpr std::size_t read_size = 65536;

struct Framing {
  unsigned status = 0;
  std::optional<std::uint64_t> length;
  bool chunked = false;
  bool keep_alive = true;
};

Framing scan(std::string_view head) {
  Framing framing;
  if (head.size() < 12) {
    return framing;
  }
  std::from_chars(head.data() + 9, head.data() + 12, framing.status);
  framing.keep_alive = head[7] == '1';
  for (auto at = head.find("\r\n"); at + 2 < head.size(); at = head.find("\r\n", at + 2)) {
    const auto line = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) {
      continue;
    }
    auto value = line.substr(colon + 1);
    value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
    const auto name = line.substr(0, colon);
    if (iequals(name, "content-length")) {
      framing.length = 0;
      std::from_chars(value.data(), value.data() + value.size(), *framing.length);
    } else if (iequals(name, "transfer-encoding")) {
      framing.chunked = iequals(value, "chunked");
    } else if (iequals(name, "connection") && iequals(value, "close")) {
      framing.keep_alive = false;
    }
  }
  if (framing.status == 204 || framing.status == 304) {
    framing.length = 0;
  }
  return framing;
}

}  // namespace

asio::awaitable<Answer> read_answer(Connection& connection, Clock::time_point deadline,
                                    std::string* body) {
  const auto fail = [&](bool any) {
    return Answer{.failure = connection.timed_out ? "read_timeout"
                             : any                ? "closed_early"
                                                  : "reset",
                  .keep_alive = false};
  };
  Framing framing;
  while (true) {
    const auto end = connection.unread().find("\r\n\r\n");
    if (end != std::string_view::npos) {
      framing = scan(connection.unread().substr(0, end + 2));
      connection.consume(end + 4);
      if (framing.status >= 200) {
        break;
      }
      if (framing.status < 100) {
        co_return fail(true);
      }
      continue;
    }
    if (co_await read_more(connection, deadline, read_size) == 0) {
      co_return fail(!connection.unread().empty());
    }
  }
  const bool until_close = !framing.chunked && !framing.length;
  ChunkedDecoder decoder(std::uint64_t{1} << 50);
  std::string decoded;
  const auto keep = [&](std::string_view piece) {
    if (body != nullptr) {
      body->append(piece.substr(0, kept_bytes - std::min(body->size(), kept_bytes)));
    }
  };
  auto left = framing.length.value_or(0);
  while (true) {
    if (framing.chunked) {
      decoded.clear();
      const auto used = decoder.decode(connection.unread(), decoded);
      if (!used) {
        co_return fail(true);
      }
      keep(decoded);
      connection.consume(*used);
      if (decoder.done()) {
        break;
      }
    } else {
      const auto take = until_close ? connection.unread().size()
                                    : std::min<std::uint64_t>(left, connection.unread().size());
      keep(connection.unread().substr(0, take));
      connection.consume(take);
      left -= until_close ? 0 : take;
      if (!until_close && left == 0) {
        break;
      }
    }
    if (co_await read_more(connection, deadline, read_size) == 0) {
      if (until_close && !connection.timed_out) {
        break;
      }
      co_return fail(true);
    }
  }
  co_return Answer{.status = framing.status, .keep_alive = framing.keep_alive && !until_close};
}

}  // namespace sevenstops
