#include "http2_floods.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "../cpp/support/observed.hpp"
#include "service/service.hpp"

// Floods of HTTP/2: each ends in GOAWAY, is counted once, and leaves others alone.

namespace sevenstops {
namespace {

namespace asio = boost::asio;
using service::Service;
using test::count;
using test::eventually;
using test::Http2Client;
using test::refused;
using namespace std::chrono_literals;

class Http2Floods : public ::testing::TestWithParam<Flood> {};

TEST_P(Http2Floods, EndInGoaway) {
  const auto& flood = GetParam();
  asio::io_context io;
  const Service service(service::hardened(), {.threads = 1, .rows = 1});
  Http2Client good(io, service.port());
  EXPECT_EQ(good.answer(good.get("/healthz")).status, 200U);
  auto socket = test::connect(io, service.port());
  std::thread sender([&] { test::send(socket, test::http2_begin() + flood.bytes()); });
  const auto answer = test::receive_all(socket);
  sender.join();
  EXPECT_EQ(test::goaway_in(answer), flood.code);
  EXPECT_TRUE(eventually([&] { return count(service, "connections_open") == 1; }));
  EXPECT_EQ(refused(service, "parse", flood.reason.empty() ? flood.name : flood.reason), 1U);
  EXPECT_EQ(good.answer(good.get("/healthz")).status, 200U);
  EXPECT_EQ(count(service, "walks_broken_total"), 0U);
  EXPECT_LE(count(service, "held_bytes_max"), std::uint64_t{1} << 20);
}

INSTANTIATE_TEST_SUITE_P(EveryKind, Http2Floods, ::testing::ValuesIn(floods()),
                         [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace sevenstops
