#include <gtest/gtest.h>

#include <stdexcept>

#include "plans.hpp"

namespace sevenstops::load {
namespace {

TEST(Plan, FingerprintFollowsTheLoadAndNotTheThreads) {
  const auto plan = of({{.duration = 2, .rate = 100}});
  auto other = plan;
  other.threads = 4;
  other.allow = {"example.test"};
  EXPECT_EQ(other.fingerprint(), plan.fingerprint());
  EXPECT_EQ(plan.fingerprint().size(), 7U + 64U);
  const auto differs = [&](auto change) {
    auto changed = plan;
    change(changed);
    return changed.fingerprint() != plan.fingerprint();
  };
  EXPECT_TRUE(differs([](Plan& p) { p.seed = 8; }));
  EXPECT_TRUE(differs([](Plan& p) { p.arrivals[0].rate = 101; }));
  EXPECT_TRUE(differs([](Plan& p) { p.keep_alive = false; }));
  EXPECT_TRUE(differs([](Plan& p) { p.read_timeout = 1; }));
  EXPECT_TRUE(differs([](Plan& p) { p.warm_up = 1; }));
  EXPECT_TRUE(differs([](Plan& p) { p.protocol = "h2"; }));
  EXPECT_TRUE(differs([](Plan& p) { p.requests[0].body = "x"; }));
  EXPECT_TRUE(differs([](Plan& p) { p.requests[0].expect = "x"; }));
  EXPECT_TRUE(differs([](Plan& p) { p.crowds.push_back({.kind = "endless_body"}); }));
}

TEST(Plan, JsonIsReadAsItWasWritten) {
  auto plan = of({{.duration = 0.1, .rate = 1.0 / 3, .rate_end = 7},
                  {.kind = "trace", .duration = 1, .times = {0.25}}});
  plan.requests.push_back({.name = "second", .headers = {{"A", "b"}}, .body = "ü"});
  plan.crowds = {{.kind = "raw", .pieces = {{"GET", 0.5}}}};
  EXPECT_EQ(plan_from_json(plan.canonical()).canonical(), plan.canonical());
  EXPECT_EQ(plan_from_json(R"({"seed": 9})").seed, 9U);
}

TEST(Plan, FieldsThatAreWrongInJsonAreNamed) {
  const auto sentence = [](const char* text) -> std::string {
    try {
      (void)plan_from_json(text);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(sentence(R"({"rhythm": 1})"), "plan: rhythm is not a field");
  EXPECT_EQ(sentence(R"({"arrivals": [{"rates": 1}]})"), "plan: arrivals[0].rates is not a field");
  EXPECT_EQ(sentence(R"({"seed": -1})"), "plan: seed must be a whole number in its range");
  EXPECT_EQ(sentence(R"({"seed": "x"})"), "plan: seed must be a whole number in its range");
  EXPECT_EQ(sentence(R"({"requests": {}})"), "plan: requests must be a list");
  EXPECT_EQ(sentence(R"({"keep_alive": 1})"), "plan: keep_alive must be true or false");
  EXPECT_EQ(sentence(R"({"requests": [{"headers": [["a"]]}]})"),
            "plan: requests[0].headers[0] must be a pair");
  EXPECT_EQ(sentence("[]"), "plan: the whole must be an object of named fields");
  EXPECT_NE(sentence("{").find("not JSON"), std::string::npos);
}

}  // namespace
}  // namespace sevenstops::load
