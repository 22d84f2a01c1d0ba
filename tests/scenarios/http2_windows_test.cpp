#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <thread>

#include "../cpp/support/http2_client.hpp"
#include "service/service.hpp"

// What a client that leaves one answer unread does to the others on its connection.

namespace sevenstops {
namespace {

namespace asio = boost::asio;
using base::Clock;
using service::Service;
using test::Http2Client;

class Http2Windows : public ::testing::Test {
 protected:
  static std::uint64_t shut(const Service& service) {
    return boost::json::parse(service.stops_json())
        .at("http2_windows_shut")
        .to_number<std::uint64_t>();
  }
  static bool becomes(const Service& service, std::uint64_t wanted) {
    const auto end = Clock::now() + std::chrono::seconds(10);
    while (shut(service) != wanted && Clock::now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return shut(service) == wanted;
  }
  // Until so much of the answer is there; nothing of it is taken for read.
  static bool comes(Http2Client& client, std::int32_t id, std::size_t bytes) {
    return client.until([&] { return client.at(id).body.size() >= bytes; });
  }

  static constexpr std::size_t window = 65535;
  static constexpr std::size_t reserve = 8192;
  asio::io_context io;
  service::Settings settings = service::hardened();
  Http2Client::Options unread{.reads = false};
};

TEST_F(Http2Windows, AnAnswerThatIsNotReadLeavesAWayForShortOnes) {
  settings.drain.window_reserve = reserve;
  const Service service(settings, {.threads = 1, .rows = 5000});
  Http2Client client(io, service.port(), unread);
  const auto stuck = client.get("/export.csv");
  ASSERT_TRUE(comes(client, stuck, window - reserve));
  EXPECT_EQ(client.answer(client.get("/healthz")).status, 200U);
  EXPECT_EQ(client.at(stuck).body.size(), window - reserve);
  EXPECT_EQ(shut(service), 0U);
}

TEST_F(Http2Windows, WithoutAReserveTheyWaitUntilItIsRead) {
  settings.drain.window_reserve = 0;
  const Service service(settings, {.threads = 1, .rows = 5000});
  Http2Client client(io, service.port(), unread);
  const auto stuck = client.get("/export.csv");
  ASSERT_TRUE(comes(client, stuck, window));
  EXPECT_TRUE(becomes(service, 1));
  const auto waits = client.get("/healthz");
  ASSERT_TRUE(client.until([&] { return client.at(waits).status == 200; }));
  // Its head needs no window, its content does.
  EXPECT_FALSE(client.over(waits));
  client.consume(stuck, window);
  EXPECT_EQ(client.answer(waits).body, "ok\n");
  // The rest of the new window goes to the one that is not read, and it is shut again.
  EXPECT_TRUE(comes(client, stuck, 2 * window - 3));
  EXPECT_TRUE(becomes(service, 1));
}

TEST_F(Http2Windows, WhoReadsGetsAllOfALongAnswer) {
  settings.drain.window_reserve = reserve;
  const Service service(settings, {.threads = 1, .rows = 5000});
  Http2Client client(io, service.port());
  const auto& whole = client.answer(client.get("/export.csv"));
  EXPECT_TRUE(whole.ended);
  EXPECT_GT(whole.body.size(), 4 * window);
}

}  // namespace
}  // namespace sevenstops
