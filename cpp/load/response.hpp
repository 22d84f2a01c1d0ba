#pragma once

#include "stops/connection.hpp"

namespace sevenstops {

/// How the reading of one response ended.
struct Answer {
  /// 0 when none came whole; then `failure` says why.
  unsigned status = 0;
  const char* failure = nullptr;
  bool keep_alive = true;
};

/// Reads one response off the connection. Its body is forgotten, or appended to `body` where that
/// is given, up to `kept_bytes`.
inline constexpr std::size_t kept_bytes = 65536;
[[nodiscard]] asio::awaitable<Answer> read_answer(Connection& connection,
                                                  Clock::time_point deadline,
                                                  std::string* body = nullptr);

}  // namespace sevenstops
