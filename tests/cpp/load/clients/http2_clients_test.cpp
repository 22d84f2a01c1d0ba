#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "../../support/http2_client.hpp"
#include "load/load.hpp"
#include "service/service.hpp"

namespace sevenstops::load {
namespace {

using service::hardened;
using service::Service;

// For both engines.
class Http2Clients : public testing::TestWithParam<const char*> {
 protected:
  static CrowdRecord send(const Service& service, Crowd crowd, double duration = 0.5) {
    Plan plan;
    plan.arrivals = {{.duration = duration, .rate = 20}};
    plan.connections = 8;
    plan.cool_down = 2;
    plan.read_timeout = 0.2;
    plan.crowds = {std::move(crowd)};
    const auto result = run_load(plan, {.port = service.port()}, GetParam());
    EXPECT_EQ(result.all.outcomes().at("2xx"), result.requests) << "good traffic is harmed";
    return result.crowds[0];
  }
  static std::uint64_t count(const Service& service, const char* name) {
    return boost::json::parse(service.stops_json()).at(name).to_number<std::uint64_t>();
  }

  // As a plan has bytes.
  static std::string text(std::string_view bytes) {
    std::string utf8;
    for (const char c : bytes) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte < 0x80) {
        utf8.push_back(c);
      } else {
        utf8.push_back(static_cast<char>(0xc0 | byte >> 6));
        utf8.push_back(static_cast<char>(0x80 | (byte & 0x3f)));
      }
    }
    return utf8;
  }
  static std::string get_and_cancel() {
    return test::get_frame(1) + test::frame(NGHTTP2_RST_STREAM, 0, 1, test::big_endian(8));
  }
};

INSTANTIATE_TEST_SUITE_P(Engines, Http2Clients, testing::Values("epoll", "io_uring"),
                         [](const auto& engine) { return std::string(engine.param); });

TEST_P(Http2Clients, AFloodSendsItsFramesAtItsRateOnNewStreams) {
  auto settings = hardened();
  settings.parse.http2.resets = 0;
  const Service service(settings, {.threads = 1, .rows = 1});
  const auto record =
      send(service, {.kind = "http2_flood", .rate = 200, .pieces = {{text(get_and_cancel()), 0}}});
  EXPECT_EQ(record.started, 1U);
  const auto pair = get_and_cancel().size();
  EXPECT_EQ((record.bytes_sent - test::http2_begin().size()) % pair, 0U);
  // A hundred pairs in half a second, on a machine that may be busy; unbounded they are thousands.
  EXPECT_GE(count(service, "http2_streams_reset_total"), 40U);
  EXPECT_LE(count(service, "http2_streams_reset_total"), 110U);
}

TEST_P(Http2Clients, AFloodEndsWithItsConnectionAndRests) {
  auto settings = hardened();
  settings.parse.http2.resets = 10;
  const Service service(settings, {.threads = 1, .rows = 1});
  const Crowd flood{.kind = "http2_flood",
                    .repeat = true,
                    .rate = 2000,
                    .pause = 0.2,
                    .pieces = {{text(get_and_cancel()), 0}}};
  const auto record = send(service, flood);
  // Half a second holds two rests, and a third beginning.
  EXPECT_GE(record.started, 2U);
  EXPECT_LE(record.started, 3U);
  EXPECT_LE(count(service, "http2_streams_reset_total"), 10 * record.started);
}

TEST_P(Http2Clients, AFloodsFramesKeepTheirOwnStreams) {
  auto settings = hardened();
  settings.parse.http2.resets = 0;
  const Service service(settings, {.threads = 1, .rows = 1});
  const auto code = test::big_endian(8);
  const auto two = test::get_frame(1) + test::get_frame(3) +
                   test::frame(NGHTTP2_RST_STREAM, 0, 1, code) +
                   test::frame(NGHTTP2_RST_STREAM, 0, 3, code);
  (void)send(service, {.kind = "http2_flood", .rate = 50, .pieces = {{text(two), 0}}});
  // A stream that is reset before it was begun would end the connection.
  EXPECT_GE(count(service, "http2_streams_reset_total"), 40U);
}

TEST_P(Http2Clients, AStoppedReaderTellsWhatTheOthersGot) {
  const Service service(hardened(), {.threads = 1, .rows = 5000});
  for (const bool starves : {false, true}) {
    // One answer fits into the window that is left shut, the other takes all of it.
    const auto record = send(service,
                             {.kind = "http2_stopped_reader",
                              .target = starves ? "/export.csv" : "/healthz",
                              .count = 2,
                              .pause = 0.1,
                              .depth = 2,
                              .pieces = {{"/healthz", 0}, {"/users/1", 0.01}}},
                             1.2);
    EXPECT_EQ(record.fetches_due, 8U);
    ASSERT_EQ(record.clients.size(), 8U);
    for (const auto& each : record.clients) {
      EXPECT_EQ(each.whole, !starves);
      EXPECT_EQ(each.status, 200U) << "heads need no window";
      EXPECT_EQ(each.why, starves ? "no answer in time" : "");
      EXPECT_EQ(each.body_bytes > 0, !starves);
      EXPECT_EQ(each.seconds < 0.2, !starves);
    }
  }
}

TEST_P(Http2Clients, AStoppedReaderWithoutHttp2HasNothing) {
  auto settings = hardened();
  settings.parse.http2.enabled = false;
  const Service service(settings, {.threads = 1, .rows = 1});
  const auto record =
      send(service, {.kind = "http2_stopped_reader", .count = 1, .pieces = {{"/healthz", 0}}});
  EXPECT_EQ(record.fetches_due, 1U);
  for (const auto& each : record.clients) {
    EXPECT_FALSE(each.whole);
    EXPECT_EQ(each.status, 0U);
  }
}

}  // namespace
}  // namespace sevenstops::load
