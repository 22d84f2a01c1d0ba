#include "probes/listener.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <vector>

#include "../support/sockets.hpp"

namespace sevenstops::probes {
namespace {

namespace asio = boost::asio;
using test::tcp;

// Listens on a port of its own, or beside others on one.
tcp::acceptor listen(asio::io_context& io, int backlog, std::uint16_t port = 0) {
  tcp::acceptor acceptor(io);
  acceptor.open(tcp::v4());
  const int yes = 1;
  ::setsockopt(acceptor.native_handle(), SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes);
  acceptor.bind({asio::ip::address_v4::loopback(), port});
  acceptor.listen(backlog);
  return acceptor;
}

TEST(ListenerProbe, SeesBacklogAndDepth) {
  asio::io_context io;
  auto acceptor = listen(io, 7);
  const auto port = acceptor.local_endpoint().port();
  EXPECT_EQ(probe_listener(port).backlog, 7U);
  EXPECT_EQ(probe_listener(port).queue_depth, 0U);
  EXPECT_EQ(probe_listener(port).drops, 0U);
  std::vector<tcp::socket> clients;
  clients.reserve(3);
  for (int i = 0; i < 3; ++i) {
    clients.push_back(test::connect(io, port));
  }
  EXPECT_EQ(probe_listener(port).queue_depth, 3U);
  (void)acceptor.accept();
  EXPECT_EQ(probe_listener(port).queue_depth, 2U);
}

TEST(ListenerProbe, SeesWhatAFullQueueDrops) {
  asio::io_context io;
  const auto acceptor = listen(io, 1);
  const auto port = acceptor.local_endpoint().port();
  // Two fit into a queue of one; whoever comes then is dropped, and goes on trying.
  std::vector<tcp::socket> clients;
  for (int i = 0; i < 6; ++i) {
    auto& client = clients.emplace_back(io);
    client.open(tcp::v4());
    client.native_non_blocking(true);
    const tcp::endpoint endpoint(asio::ip::address_v4::loopback(), port);
    (void)::connect(client.native_handle(), endpoint.data(),
                    static_cast<socklen_t>(endpoint.size()));
  }
  const auto probe = probe_listener(port);
  EXPECT_GT(probe.drops, 0U);
  EXPECT_GT(probe.queue_depth, 0U);
}

TEST(ListenerProbe, TakesTheLeastBacklogOfThoseThatShareAPort) {
  asio::io_context io;
  const auto first = listen(io, 5);
  const auto second = listen(io, 6, first.local_endpoint().port());
  EXPECT_EQ(probe_listener(first.local_endpoint().port()).backlog, 5U);
}

TEST(ListenerProbe, WhereNobodyListensIsOneSentence) {
  std::uint16_t port = 0;
  {
    asio::io_context io;
    port = listen(io, 1).local_endpoint().port();
  }
  try {
    (void)probe_listener(port);
    ADD_FAILURE();
  } catch (const std::runtime_error& error) {
    EXPECT_EQ(std::string(error.what()), "nothing listens on port " + std::to_string(port));
  }
}

}  // namespace
}  // namespace sevenstops::probes
