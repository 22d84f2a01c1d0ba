#include <gtest/gtest.h>

#include "../support/compressed.hpp"
#include "walk_fixture.hpp"

namespace sevenstops::stops {
namespace {

using fakes::WalkTest;
using Next = Walk::Next;

TEST_F(WalkTest, WhatTheClientHasIsNotSentAgain) {
  const std::string target = "/orders?limit=3";
  EXPECT_EQ(walk(target), Next::request);
  const auto tag = writer.entity_tag;
  EXPECT_EQ(tag.size(), 34U);
  EXPECT_TRUE(writer.says("Link").starts_with("</orders?limit=3&cursor=")) << writer.says("Link");
  writer.body.clear();
  EXPECT_EQ(walk(target, "If-None-Match: " + tag + "\r\n"), Next::request);
  EXPECT_EQ(writer.status, 304U);
  EXPECT_EQ(writer.entity_tag, tag);
  EXPECT_EQ(writer.body, "");
  EXPECT_EQ(metrics.serialize.not_modified.value(), 1U);
  // Each stop once a request, as for any other.
  EXPECT_EQ(entered(), (std::vector<std::uint64_t>{0, 2, 2, 2, 2, 2, 2}));
  EXPECT_TRUE(timings[base::index(base::Stop::serialize)]);
  EXPECT_EQ(refused(), 0U);
}

class WalkToAWorker : public WalkTest {
 protected:
  WalkToAWorker()
      : WalkTest([] {
          Settings with;
          with.serialize.compress.off_loop = 0;
          return with;
        }()) {}
};

TEST_F(WalkToAWorker, RowsComeBackCompressed) {
  EXPECT_EQ(walk("/orders?limit=50"), Next::request);
  const auto plain = writer.body;
  writer.body.clear();
  EXPECT_EQ(walk("/orders?limit=50", "Accept-Encoding: gzip\r\n"), Next::request);
  EXPECT_EQ(writer.coding, "gzip");
  EXPECT_TRUE(writer.varies);
  EXPECT_LT(writer.body.size(), plain.size() / 3);
  EXPECT_EQ(test::decompressed(writer.body, http::Coding::gzip), plain);
  // What the stop made, not what left.
  EXPECT_EQ(metrics[base::Stop::serialize].bytes.value(), 2 * plain.size());
}

}  // namespace
}  // namespace sevenstops::stops
