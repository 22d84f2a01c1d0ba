#pragma once

#include <string>

#include "load/client.hpp"

namespace sevenstops {

/// Connects, sends `head` and then `piece` again and again until `limit` bytes are out, an answer
/// is there, or the peer is gone. The answer's status is counted; 0 when there was none.
[[nodiscard]] asio::awaitable<void> flood(LoadThread& thread, std::string head, std::string piece,
                                          std::int64_t limit, CrowdRecord& record);

}  // namespace sevenstops
