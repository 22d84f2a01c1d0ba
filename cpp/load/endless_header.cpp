#include "load/client.hpp"
#include "load/flood.hpp"

namespace sevenstops {

asio::awaitable<void> endless_header(LoadThread& thread, const Crowd& crowd, CrowdRecord& record) {
  std::string line = "X-Endless: ";
  line.append(1000, 'a').append("\r\n");
  std::string piece;
  for (int i = 0; i < 16; ++i) {
    piece += line;
  }
  co_await flood(thread, "GET " + crowd.target + " HTTP/1.1\r\nHost: " + thread.host + "\r\n",
                 piece, crowd.bytes, record);
}

}  // namespace sevenstops
