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

/// Reads one response off the connection and forgets its body.
[[nodiscard]] asio::awaitable<Answer> read_answer(Connection& connection,
                                                  Clock::time_point deadline);

}  // namespace sevenstops
