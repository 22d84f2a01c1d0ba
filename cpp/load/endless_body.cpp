#include "load/client.hpp"
#include "load/flood.hpp"

namespace sevenstops {

asio::awaitable<void> endless_body(LoadThread& thread, const Crowd& crowd, CrowdRecord& record) {
  constexpr std::size_t piece_size = 16384;
  co_await flood(thread,
                 "POST " + crowd.target + " HTTP/1.1\r\nHost: " + thread.host +
                     "\r\nContent-Length: " + std::to_string(crowd.bytes) + "\r\n\r\n",
                 std::string(piece_size, 'b'), crowd.bytes, record);
}

}  // namespace sevenstops
