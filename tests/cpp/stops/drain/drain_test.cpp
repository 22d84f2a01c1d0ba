#include "stops/drain/drain.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "../../support/run.hpp"
#include "../fakes.hpp"

namespace sevenstops::stops {
namespace {

using fakes::FakeSource;
using fakes::FakeWriter;
using http::Outcome;
using http::Reason;

class DrainTest : public ::testing::Test {
 protected:
  Outcome<void> send(Response response) {
    Outcome<void> sent;
    test::run([&]() -> asio::awaitable<void> {
      Drain drain(settings, metrics, bytes, budget);
      sent = co_await drain.send(response, request, timings, writer, true);
    });
    return sent;
  }
  Reason refused(Response response) {
    const auto sent = send(std::move(response));
    EXPECT_FALSE(sent);
    return sent ? Reason::client_left : sent.error().reason;
  }
  static Response streamed(std::deque<std::string> pieces) {
    return {.source = std::make_unique<FakeSource>(std::move(pieces))};
  }

  DrainSettings settings{.high_water = 1000, .write_timeout = 7};
  base::Budget budget{1 << 30};
  DrainMetrics metrics;
  base::Counter bytes;
  http::Request request;
  Timings timings;
  FakeWriter writer;
};

TEST_F(DrainTest, SendsAWholeResponseAtOnce) {
  ASSERT_TRUE(send({.status = 404, .bytes = "nothing here"}));
  EXPECT_EQ(writer.status, 404U);
  EXPECT_EQ(writer.body, "nothing here");
  EXPECT_EQ(writer.ends, 1);
  EXPECT_TRUE(writer.kept_alive);
  EXPECT_EQ(writer.flushed.size(), 1U);
  EXPECT_EQ(writer.timeouts[0], base::seconds(7));
  EXPECT_EQ(bytes.value(), writer.framed());
  EXPECT_EQ(metrics.queued.value(), 0U);
}

TEST_F(DrainTest, AwaitsTheClientAtTheHighWaterMark) {
  ASSERT_TRUE(send(streamed(std::deque<std::string>(10, std::string(400, 'x')))));
  EXPECT_EQ(writer.body, std::string(4000, 'x'));
  EXPECT_EQ(writer.ends, 1);
  EXPECT_EQ(writer.flushed_some, 0);
  // The head, then three pieces each time, then what is left.
  EXPECT_EQ(writer.flushed, (std::vector<std::size_t>{6, 1200, 1200, 1200, 400}));
  EXPECT_EQ(metrics.queued_most.value(), 1200U);
  EXPECT_EQ(metrics.queued.value(), 0U);
  EXPECT_EQ(bytes.value(), 4006U);
}

TEST_F(DrainTest, ShowsTheStreamsUnderWay) {
  std::uint64_t open = 0;
  ASSERT_TRUE(send({.source = std::make_unique<FakeSource>(std::deque<std::string>(1, "x"), [&] {
                      open = metrics.streams.value();
                      return Outcome<bool>(false);
                    })}));
  EXPECT_EQ(open, 1U);
  EXPECT_EQ(metrics.streams.value(), 0U);
}

TEST_F(DrainTest, TheFragileWayItProducesAllOfItFirst) {
  settings.await_writes = false;
  writer.takes_at_once = 100;
  ASSERT_TRUE(send(streamed(std::deque<std::string>(10, std::string(400, 'x')))));
  EXPECT_EQ(writer.body.size(), 4000U);
  EXPECT_EQ(writer.flushed_some, 10);
  EXPECT_EQ(writer.flushed, (std::vector<std::size_t>{6, 3000}));
  EXPECT_EQ(metrics.queued_most.value(), 3100U);
  EXPECT_EQ(metrics.queued.value(), 0U);
}

TEST_F(DrainTest, TheFragileWayABrokenPeerEndsIt) {
  settings.await_writes = false;
  writer.broken = true;
  EXPECT_EQ(refused(streamed(std::deque<std::string>(10, std::string(400, 'x')))), Reason::closed);
  EXPECT_EQ(writer.flushed_some, 1);
  EXPECT_EQ(metrics.queued.value(), 0U);
}

TEST_F(DrainTest, AStreamThatBreaksOffHasNoEnd) {
  EXPECT_EQ(refused({.source = std::make_unique<FakeSource>(
                         std::deque<std::string>(4, std::string(300, 'x')),
                         [] { return Outcome<bool>(Reason::worker_queue); })}),
            Reason::stream_broken);
  EXPECT_EQ(writer.ends, 0);
  EXPECT_EQ(metrics.queued.value(), 0U);
  EXPECT_GT(metrics.queued_most.value(), 0U);
}

TEST_F(DrainTest, AStreamThatThrowsLeavesNothingQueued) {
  EXPECT_THROW((void)send({.source = std::make_unique<FakeSource>(
                               std::deque<std::string>(1, std::string(300, 'x')),
                               []() -> Outcome<bool> { throw std::runtime_error("no rows"); })}),
               std::runtime_error);
  EXPECT_EQ(metrics.queued.value(), 0U);
  EXPECT_EQ(metrics.queued_most.value(), 300U);
}

TEST_F(DrainTest, APeerThatTakesNothingEndsIt) {
  writer.refuses_from = 2;
  EXPECT_EQ(refused(streamed(std::deque<std::string>(10, std::string(2000, 'x')))),
            Reason::write_timeout);
  EXPECT_EQ(writer.body.size(), 2000U);
  EXPECT_EQ(metrics.queued.value(), 0U);
}

TEST_F(DrainTest, APeerThatTakesNoHeadIsSentNoBody) {
  writer.refuses_from = 1;
  writer.refusal = Reason::closed;
  EXPECT_EQ(refused(streamed({"x"})), Reason::closed);
  EXPECT_TRUE(writer.body.empty());
}

TEST_F(DrainTest, HeadIsAnsweredWithoutABody) {
  request.method = "HEAD";
  ASSERT_TRUE(send({.bytes = "ok\n"}));
  ASSERT_TRUE(send(streamed({"x", "y"})));
  EXPECT_EQ(writer.heads, 2);
  EXPECT_TRUE(writer.body.empty());
  EXPECT_EQ(metrics.queued_most.value(), std::string("<head>").size());
}

TEST_F(DrainTest, AnEmptyStreamIsOnlyItsEnd) {
  ASSERT_TRUE(send(streamed({})));
  EXPECT_EQ(writer.ends, 1);
  EXPECT_TRUE(writer.body.empty());
}

TEST_F(DrainTest, AnAnswerThatMayHaveNoContentHasNone) {
  ASSERT_TRUE(send({.status = 204, .bytes = "x"}));
  EXPECT_TRUE(writer.body.empty());
}

TEST_F(DrainTest, TimingsGoToSampledTracesOrToAll) {
  timings[base::index(base::Stop::handle)] = std::chrono::milliseconds(2);
  ASSERT_TRUE(send({}));
  EXPECT_TRUE(writer.says("Server-Timing").empty());
  constexpr std::string_view id = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-";
  request.fields.push_back({"traceparent", {}});
  const auto unsampled = std::string(id) + "00";
  request.fields.back().value = unsampled;
  ASSERT_TRUE(send({}));
  EXPECT_TRUE(writer.says("Server-Timing").empty());
  const auto sampled = std::string(id) + "01";
  request.fields.back().value = sampled;
  ASSERT_TRUE(send({}));
  EXPECT_TRUE(writer.says("Server-Timing").empty());
  settings.server_timing_sampled = true;
  ASSERT_TRUE(send({}));
  EXPECT_NE(writer.says("Server-Timing").find("handle;dur=2.000"), std::string::npos);
  request.fields.clear();
  settings.server_timing = true;
  ASSERT_TRUE(send({}));
  EXPECT_FALSE(writer.says("Server-Timing").empty());
}

}  // namespace
}  // namespace sevenstops::stops
