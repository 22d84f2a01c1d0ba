#include "stops/serialize/representation.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <random>

#include "../../support/compressed.hpp"
#include "../../support/run.hpp"

namespace sevenstops::stops {
namespace {

using http::Coding;

class RepresentationTest : public ::testing::Test {
 protected:
  // What becomes of `bytes`; its request is a GET with these fields.
  Response choose(std::string bytes, std::vector<http::HeaderField> fields, bool lasting = true,
                  std::string_view type = "application/json") {
    http::Request request;
    request.method = method;
    request.fields = std::move(fields);
    Response response{.content_type = type, .bytes = std::move(bytes)};
    Representation representation(settings, workers, metrics, worker_metrics);
    test::run([&]() -> asio::awaitable<void> {
      const auto chosen = co_await representation.choose(response, request, lasting);
      denied = !chosen && chosen.error().reason == http::Reason::precondition;
    });
    return response;
  }
  bool applies(const Result& result) {
    return Representation(settings, workers, metrics, worker_metrics).applies(result);
  }

  SerializeSettings settings;
  std::string_view method = "GET";
  // Whether the last one was refused for what it wants to match.
  bool denied = false;
  SerializeMetrics metrics;
  store::WorkerMetrics worker_metrics;
  std::shared_ptr<store::Workers> workers =
      std::make_shared<store::Workers>(store::WorkerLimits{.threads = 1, .queue_limit = 0});
  const std::string large = [] {
    std::string text(3000, 'a');
    text.append("end");
    return text;
  }();
};

TEST_F(RepresentationTest, WhoAsksForNothingGetsTheBytes) {
  const auto response = choose(large, {});
  EXPECT_EQ(response.status, 200U);
  EXPECT_EQ(response.bytes, large);
  EXPECT_EQ(response.coding, "");
  EXPECT_TRUE(response.varies);
  EXPECT_EQ(response.entity_tag.size(), 34U);
  EXPECT_EQ(metrics.compressed.value(), 0U);
}

TEST_F(RepresentationTest, ACompressedAnswerHasATagOfItsOwn) {
  const auto plain = choose(large, {});
  for (const auto coding : {Coding::gzip, Coding::zstd}) {
    const auto response = choose(large, {{"Accept-Encoding", http::name_of(coding)}});
    EXPECT_EQ(response.coding, http::name_of(coding));
    EXPECT_TRUE(response.varies);
    EXPECT_EQ(test::decompressed(response.bytes, coding), large);
    EXPECT_EQ(response.entity_tag, "W/" + plain.entity_tag.substr(0, 33) + "-" +
                                       std::string(http::name_of(coding)) + "\"");
  }
  EXPECT_EQ(metrics.compressed.value(), 2U);
  EXPECT_EQ(metrics.compress_in.value(), 2 * large.size());
  EXPECT_LT(metrics.compress_out.value(), large.size() / 10);
}

TEST_F(RepresentationTest, WhoHasItAlreadyIsToldSo) {
  const auto tag = choose(large, {}).entity_tag;
  const auto zipped = choose(large, {{"Accept-Encoding", "gzip"}}).entity_tag;
  for (const auto* asked : {"GET", "HEAD"}) {
    method = asked;
    for (const auto& sent : {tag, zipped}) {
      const auto response =
          choose(large, {{"Accept-Encoding", "gzip"}, {"If-None-Match", "\"x\", " + sent}});
      EXPECT_EQ(response.status, 304U);
      EXPECT_EQ(response.entity_tag, sent);
      EXPECT_EQ(response.bytes, "");
      EXPECT_EQ(response.coding, "");
      EXPECT_TRUE(response.varies);
    }
  }
  EXPECT_EQ(metrics.not_modified.value(), 4U);
  method = "GET";
  EXPECT_EQ(choose(large + "!", {{"If-None-Match", tag}}).status, 200U);
  EXPECT_EQ(choose(large, {{"If-None-Match", tag}}, false).status, 200U);
  // RFC 9110, 13.1.2: for other methods it would be a precondition, and nothing here changes by
  // one.
  method = "POST";
  EXPECT_EQ(choose(large, {{"If-None-Match", tag}}).status, 200U);
  method = "GET";
  settings.entity_tags = false;
  const auto response = choose(large, {{"If-None-Match", tag}});
  EXPECT_EQ(response.status, 200U);
  EXPECT_EQ(response.entity_tag, "");
}

// The tag of a 304 is one that a 200 has.
TEST_F(RepresentationTest, AStarStandsForTheAnswerAsItWouldBe) {
  for (const auto* coding : {"identity", "gzip"}) {
    const auto tag = choose(large, {{"Accept-Encoding", coding}}).entity_tag;
    const auto response = choose(large, {{"Accept-Encoding", coding}, {"If-None-Match", "*"}});
    EXPECT_EQ(response.status, 304U);
    EXPECT_EQ(response.entity_tag, tag);
  }
}

TEST_F(RepresentationTest, WhoWantsAnotherOneIsRefused) {
  const auto tag = choose(large, {}).entity_tag;
  EXPECT_FALSE(denied);
  for (const auto& named : {tag, std::string("*"), "\"x\"," + tag}) {
    EXPECT_EQ(choose(large, {{"If-Match", named}}).bytes, large);
    EXPECT_FALSE(denied) << named;
  }
  for (const auto& named : {std::string("\"x\""), "W/" + tag, std::string("x")}) {
    (void)choose(large, {{"If-Match", named}, {"If-None-Match", "*"}});
    EXPECT_TRUE(denied) << named;
  }
  (void)choose(large, {{"If-Match", "\"x\""}}, false);
  EXPECT_FALSE(denied);
}

TEST_F(RepresentationTest, EachByteChangesTheTag) {
  EXPECT_EQ(choose(large, {}).entity_tag, choose(large, {}).entity_tag);
  for (const std::size_t at : {std::size_t{0}, large.size() / 2, large.size() - 1}) {
    auto changed = large;
    changed[at] ^= 1;
    EXPECT_NE(choose(changed, {}).entity_tag, choose(large, {}).entity_tag);
  }
}

TEST_F(RepresentationTest, WhatIsSmallOrUnknownTravelsAsItIs) {
  const std::vector<http::HeaderField> wants = {{"Accept-Encoding", "gzip"}};
  settings.compress.least = 3003;
  EXPECT_EQ(choose(large, wants).coding, "gzip");
  settings.compress.least = 3004;
  const auto small = choose(large, wants);
  EXPECT_EQ(small.coding, "");
  EXPECT_FALSE(small.varies);
  settings.compress.least = 0;
  EXPECT_EQ(choose("", wants).coding, "");
  EXPECT_EQ(choose(large, wants, false, "application/octet-stream").coding, "");
  settings.compress.enabled = false;
  EXPECT_EQ(choose(large, wants).coding, "");
}

TEST_F(RepresentationTest, WhatGetsNoSmallerTravelsAsItIs) {
  std::mt19937 random(1);
  std::string noise(3000, '\0');
  for (auto& byte : noise) {
    byte = static_cast<char>(random());
  }
  const std::vector<http::HeaderField> wants = {{"Accept-Encoding", "gzip"}};
  auto response = choose(noise, wants);
  EXPECT_EQ(response.bytes, noise);
  EXPECT_EQ(response.coding, "");
  EXPECT_EQ(metrics.compress_useless.value(), 1U);
  EXPECT_EQ(metrics.compress_in.value(), metrics.compress_out.value());
  // Unless everything is compressed, whatever comes of it.
  settings.compress.everything = true;
  response = choose(noise, wants, false, "application/octet-stream");
  EXPECT_EQ(response.coding, "gzip");
  EXPECT_GT(response.bytes.size(), noise.size());
  EXPECT_EQ(test::decompressed(response.bytes, Coding::gzip), noise);
  EXPECT_EQ(test::decompressed(choose("ok\n", wants).bytes, Coding::gzip), "ok\n");
  EXPECT_EQ(metrics.compress_useless.value(), 3U);
}

// A picture loses some bytes to any compressor, and is worth none.
TEST_F(RepresentationTest, WhatSavesLessThanATenthIsUseless) {
  std::mt19937 random(1);
  std::string mostly(4000, 'a');
  for (std::size_t i = 300; i < mostly.size(); ++i) {
    mostly[i] = static_cast<char>(random());
  }
  const std::vector<http::HeaderField> wants = {{"Accept-Encoding", "gzip"}};
  EXPECT_EQ(choose(mostly, wants).coding, "");
  EXPECT_EQ(metrics.compress_useless.value(), 1U);
  settings.compress.everything = true;
  EXPECT_LT(choose(mostly, wants).bytes.size(), mostly.size());
  EXPECT_EQ(metrics.compress_useless.value(), 2U);
}

TEST_F(RepresentationTest, ALargeAnswerIsCompressedByAWorker) {
  const std::vector<http::HeaderField> wants = {{"Accept-Encoding", "zstd"}};
  settings.compress.off_loop = std::ssize(large) + 1;
  EXPECT_EQ(choose(large, wants).coding, "zstd");
  EXPECT_EQ(worker_metrics.busy.seconds(), 0.0);
  settings.compress.off_loop = std::ssize(large);
  EXPECT_EQ(test::decompressed(choose(large, wants).bytes, Coding::zstd), large);
  EXPECT_GT(worker_metrics.busy.seconds(), 0.0);
  // Where there is none the bytes travel as they are: no reason to refuse anybody, or to wait.
  workers = nullptr;
  const auto response = choose(large, wants);
  EXPECT_EQ(response.status, 200U);
  EXPECT_EQ(response.bytes, large);
  EXPECT_EQ(response.coding, "");
  EXPECT_EQ(metrics.compress_left.value(), 1U);
}

TEST_F(RepresentationTest, NobodyWaitsForAnothersAnswer) {
  settings.compress.off_loop = 0;
  http::Request request;
  request.method = "GET";
  request.fields = {{"Accept-Encoding", "gzip"}};
  Response first{.content_type = "text/plain", .bytes = large};
  Response second{.content_type = "text/plain", .bytes = large};
  Representation representation(settings, workers, metrics, worker_metrics);
  asio::io_context io;
  for (auto* response : {&first, &second}) {
    asio::co_spawn(
        io,
        [&, response]() -> asio::awaitable<void> {
          (void)co_await representation.choose(*response, request, false);
        },
        asio::detached);
  }
  io.run();
  EXPECT_EQ(first.coding, "gzip");
  EXPECT_EQ(second.coding, "");
  EXPECT_EQ(second.bytes, large);
  EXPECT_EQ(metrics.compress_left.value(), 1U);
}

TEST_F(RepresentationTest, WhatNeedsNothingGoesPast) {
  EXPECT_FALSE(applies(Text{"ok\n"}));
  EXPECT_TRUE(applies(Text{std::string(1400, 'x')}));
  EXPECT_TRUE(applies(Text{.text = "ok", .lasting = true}));
  EXPECT_TRUE(applies(Page{}));
  EXPECT_FALSE(applies(std::unique_ptr<RowSource>()));
  settings.compress.everything = true;
  EXPECT_TRUE(applies(Text{"ok\n"}));
  settings.compress.enabled = false;
  EXPECT_FALSE(applies(Text{std::string(1400, 'x')}));
  settings.entity_tags = false;
  EXPECT_FALSE(applies(Page{}));
}

}  // namespace
}  // namespace sevenstops::stops
