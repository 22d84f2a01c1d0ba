#include "upstream/client.hpp"

#include <gtest/gtest.h>

#include <new>
#include <stdexcept>

#include "../support/run.hpp"
#include "fake_transport.hpp"

namespace sevenstops::upstream {
namespace {

using namespace std::chrono_literals;
using Answer = FakeTransport::Answer;
using Plan = FakeTransport::Plan;

const std::vector<Dependency> two = {{.name = "users", .replicas = {1, 2}, .leaves = 3},
                                     {.name = "orders", .replicas = {3, 4}, .leaves = 4}};

class ClientTest : public ::testing::Test {
 protected:
  ClientTest() {
    settings.hedge.most = 0;
    settings.retry.most = 0;
    settings.breaker.share = 0;
  }

  Answers fan_out(Plan plan, std::string_view only = "", Clock::duration patience = 1h) {
    transport.emplace(std::move(plan));
    Client client(settings, dependencies, metrics, *transport);
    Answers answers;
    test::run([&]() -> asio::awaitable<void> {
      auto context = for_an_hour();
      context.limit = Clock::now() + patience;
      answers = co_await client.fan_out(context, only);
    });
    EXPECT_EQ(transport->running, 0);
    return answers;
  }
  static Plan all_well() {
    return [](std::size_t, const Attempt&) { return Answer{}; };
  }
  // The one at `port` gets something else than the others.
  static Plan but_for(std::uint16_t port, const Answer& other, const Answer& usual = {1h}) {
    return
        [=](std::size_t, const Attempt& attempt) { return attempt.port == port ? other : usual; };
  }

  Settings settings;
  Metrics metrics;
  std::vector<Dependency> dependencies = two;
  std::optional<FakeTransport> transport;
};

TEST_F(ClientTest, AsksForEveryLeafOfEveryDependency) {
  const auto answers = fan_out(all_well());
  EXPECT_EQ(answers.status, 200U);
  EXPECT_TRUE(answers.missing.empty());
  auto ports = transport->ports;
  std::ranges::sort(ports);
  EXPECT_EQ(ports, (std::vector<std::uint16_t>{1, 1, 2, 3, 3, 4, 4}));
  EXPECT_EQ(metrics.requests.value(), 7U);
  EXPECT_EQ(metrics.pages_given_up.value(), 0U);
}

TEST_F(ClientTest, OrOfTheOneThatIsNamed) {
  EXPECT_EQ(fan_out(all_well(), "users").status, 200U);
  EXPECT_EQ(transport->ports.size(), 3U);
  const Client client(settings, dependencies, metrics, *transport);
  EXPECT_TRUE(client.has_dependencies());
  EXPECT_TRUE(client.knows("orders"));
  EXPECT_FALSE(client.knows("order"));
  EXPECT_FALSE(client.knows(""));
}

TEST_F(ClientTest, OneThatIsNeededAndFailsEndsTheOthers) {
  const auto answers = fan_out(but_for(3, {.status = 500}));
  EXPECT_EQ(answers.status, 502U);
  EXPECT_LE(transport->ended, 2);
  EXPECT_EQ(metrics.pages_given_up.value(), 0U);
}

TEST_F(ClientTest, WithoutCancelAllAreWaitedFor) {
  settings.cancel = false;
  EXPECT_EQ(fan_out(but_for(3, {.status = 500}, {20ms})).status, 502U);
  EXPECT_EQ(transport->ended, 7);
}

TEST_F(ClientTest, SaysHowItFailed) {
  EXPECT_EQ(fan_out(but_for(1, {1h}, {}), "", 20ms).status, 504U);
  EXPECT_EQ(fan_out(but_for(1, {.status = 404}, {})).status, 502U);
  EXPECT_EQ(fan_out(but_for(1, {.status = 503}, {})).status, 503U);
}

TEST_F(ClientTest, APageDoesWithoutWhatIsOptional) {
  dependencies[1].optional = true;
  const auto answers = fan_out([](std::size_t, const Attempt& attempt) {
    return Answer{.status = attempt.port < 3 ? ok : 500U};
  });
  EXPECT_EQ(answers.status, 200U);
  // Named once, however many of its leaves failed.
  EXPECT_EQ(answers.missing, std::vector<std::string>{"orders"});
  EXPECT_EQ(metrics.pages_partial.value(), 1U);
  settings.optional.partial = false;
  EXPECT_EQ(fan_out(but_for(3, {.status = 500}, {})).status, 502U);
  EXPECT_EQ(metrics.pages_partial.value(), 1U);
}

TEST_F(ClientTest, WhatIsOptionalGetsAPartOfTheTime) {
  dependencies = {{.name = "users", .replicas = {1}},
                  {.name = "extras", .replicas = {3}, .optional = true}};
  settings.optional.share = 0.25;
  const auto before = Clock::now();
  (void)fan_out(all_well(), "", 1000s);
  const auto after = Clock::now();
  for (std::size_t i = 0; i < transport->ports.size(); ++i) {
    const auto given = transport->ports[i] == 3 ? 250s : 1000s;
    EXPECT_GE(transport->limits[i], before + given - 1s);
    EXPECT_LE(transport->limits[i], after + given + 1s);
  }
}

TEST_F(ClientTest, APageThatFailedAnywayIsNotPartial) {
  dependencies[1].optional = true;
  const auto answers = fan_out([](std::size_t, const Attempt&) { return Answer{.status = 500}; });
  EXPECT_EQ(answers.status, 502U);
  EXPECT_EQ(metrics.pages_partial.value(), 0U);
}

// An exception in one attempt comes out when all the others have ended, and nothing is left that
// waits: whatever stands between, hedges, tied requests, repeats.
TEST_F(ClientTest, AnExceptionInOneAttemptReachesWhoeverWaits) {
  const std::vector<std::exception_ptr> troubles = {
      std::make_exception_ptr(std::runtime_error("broken")),
      std::make_exception_ptr(std::bad_alloc())};
  for (const auto& hedge :
       {HedgeSettings{.most = 0}, HedgeSettings{.most = 2, .budget = 10, .delay = 0.001},
        HedgeSettings{.tied = true}}) {
    for (const std::int64_t repeats : {0, 2}) {
      for (const bool cancel : {true, false}) {
        for (const auto& trouble : troubles) {
          settings.hedge = hedge;
          settings.retry = {.most = repeats, .budget = 10, .pause = 0.001};
          settings.cancel = cancel;
          const auto began = Clock::now();
          bool thrown = false;
          try {
            (void)fan_out([&](std::size_t n, const Attempt&) {
              return n == 5 ? Answer{.after = 2ms, .trouble = trouble} : Answer{1h};
            });
          } catch (const std::exception&) {
            thrown = true;
          }
          EXPECT_TRUE(thrown);
          EXPECT_EQ(transport->running, 0);
          EXPECT_EQ(transport->ended, 1);
          EXPECT_LT(Clock::now() - began, 30s);
        }
      }
    }
  }
}

TEST_F(ClientTest, AfterAnExceptionItAsksAsBefore) {
  bool broken = true;
  transport.emplace([&](std::size_t, const Attempt& attempt) {
    return broken && attempt.port == 3
               ? Answer{.trouble = std::make_exception_ptr(std::runtime_error("broken"))}
               : Answer{};
  });
  Client client(settings, dependencies, metrics, *transport);
  const auto ask = [&](asio::io_context& io) {
    unsigned status = 0;
    test::run(io, [&]() -> asio::awaitable<void> {
      const auto context = for_an_hour();
      const auto answers = co_await client.fan_out(context, "");
      status = answers.status;
    });
    io.restart();
    return status;
  };
  asio::io_context io;
  for (int i = 0; i < 3; ++i) {
    EXPECT_THROW((void)ask(io), std::runtime_error);
    io.restart();
  }
  broken = false;
  EXPECT_EQ(ask(io), 200U);
  EXPECT_EQ(transport->running, 0);
}

TEST_F(ClientTest, ACallerThatLeavesTakesAllAttemptsWithIt) {
  settings.hedge = {.most = 2, .budget = 10, .delay = 0.001};
  settings.retry = {.most = 2, .budget = 10, .pause = 0.001};
  transport.emplace([](std::size_t, const Attempt&) { return Answer{1h}; });
  Client client(settings, dependencies, metrics, *transport);
  for (std::uint64_t pages = 1; pages <= 3; ++pages) {
    test::run([&]() -> asio::awaitable<void> {
      const auto context = for_an_hour();
      const auto answers = co_await base::within(Clock::now() + 10ms, client.fan_out(context, ""));
      EXPECT_FALSE(answers);
    });
    EXPECT_EQ(metrics.pages_given_up.value(), pages);
    EXPECT_EQ(transport->running, 0);
    EXPECT_EQ(transport->ended, 0);
  }
}

TEST_F(ClientTest, WithoutDependenciesThereIsNothingToAsk) {
  dependencies.clear();
  EXPECT_EQ(fan_out(all_well()).status, 200U);
  EXPECT_TRUE(transport->ports.empty());
}

}  // namespace
}  // namespace sevenstops::upstream
