#include <gtest/gtest.h>

#include <array>
#include <latch>
#include <memory>
#include <thread>
#include <vector>

#include "load/fetch.hpp"
#include "probes/listener.hpp"
#include "service/service.hpp"

namespace sevenstops::service {
namespace {

using load::fetch;
using namespace std::chrono_literals;

ServiceOptions options(std::uint16_t port) { return {.port = port, .threads = 2, .rows = 1}; }

Settings taking_over() {
  auto settings = hardened();
  settings.accept.take_over = true;
  return settings;
}

std::string refused(const Settings& settings, const ServiceOptions& with) {
  try {
    const Service service(settings, with);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "";
}

TEST(TakeOver, TwoServicesShareThePortUntilOneEnds) {
  auto first = std::make_unique<Service>(taking_over(), options(0));
  const auto port = first->port();
  EXPECT_EQ(probes::probe_listener(port).listeners, 2U);
  const Service second(taking_over(), options(port));
  EXPECT_EQ(second.port(), port);
  EXPECT_EQ(probes::probe_listener(port).listeners, 4U);
  first->leave();
  first.reset();
  EXPECT_EQ(probes::probe_listener(port).listeners, 2U);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(fetch({port}, "/healthz", 5s).status, 200U);
  }
}

TEST(TakeOver, EachThreadNeedsAListener) {
  for (const bool share : {false, true}) {
    auto settings = taking_over();
    settings.accept.reuse_port = share;
    settings.accept.share_listener = share;
    EXPECT_EQ(refused(settings, options(1)),
              "a port can be taken over only with accept.reuse_port, and without "
              "accept.share_listener");
  }
}

TEST(TakeOver, OfTwoThatStartAtOnceWithoutItOneGetsThePort) {
  for (int i = 0; i < 40; ++i) {
    std::uint16_t port = 0;
    {
      const Service before(hardened(), options(0));
      port = before.port();
    }
    std::latch ready(2);
    std::array<std::unique_ptr<Service>, 2> started;
    {
      std::vector<std::jthread> starts;
      starts.reserve(started.size());
      for (auto& service : started) {
        starts.emplace_back([&] {
          ready.arrive_and_wait();
          try {
            service = std::make_unique<Service>(hardened(), options(port));
          } catch (const std::runtime_error&) {
            service = nullptr;
          }
        });
      }
    }
    // Each may have kept the other one from it.
    EXPECT_FALSE(started[0] && started[1]) << "at start " << i;
  }
}

TEST(TakeOver, WhoSharesWithNobodyKeepsThePort) {
  auto settings = hardened();
  settings.accept.reuse_port = false;
  const Service first(settings, options(0));
  const auto sentence = refused(taking_over(), options(first.port()));
  EXPECT_NE(sentence.find("Address already in use"), std::string::npos) << sentence;
  EXPECT_EQ(fetch({first.port()}, "/healthz", 5s).status, 200U);
}

}  // namespace
}  // namespace sevenstops::service
