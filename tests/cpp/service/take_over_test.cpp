#include <gtest/gtest.h>

#include <memory>

#include "load/fetch.hpp"
#include "probes/listener.hpp"
#include "service/service.hpp"

namespace sevenstops::service {
namespace {

using load::fetch;
using namespace std::chrono_literals;

ServiceOptions options(std::uint16_t port, bool take_over) {
  return {.port = port, .take_over = take_over, .threads = 2, .rows = 1};
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
  auto first = std::make_unique<Service>(hardened(), options(0, false));
  const auto port = first->port();
  EXPECT_EQ(probes::probe_listener(port).listeners, 2U);
  const Service second(hardened(), options(port, true));
  EXPECT_EQ(second.port(), port);
  EXPECT_EQ(probes::probe_listener(port).listeners, 4U);
  first->leave();
  first.reset();
  EXPECT_EQ(probes::probe_listener(port).listeners, 2U);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(fetch({port}, "/healthz", 5s).status, 200U);
  }
}

TEST(TakeOver, APortIsNeededAndAListenerForEachThread) {
  EXPECT_EQ(refused(hardened(), options(0, true)), "a port has to be given to take it over");
  for (const bool share : {false, true}) {
    auto settings = hardened();
    settings.accept.reuse_port = share;
    settings.accept.share_listener = share;
    EXPECT_EQ(refused(settings, options(1, true)),
              "a port can be taken over only with accept.reuse_port, and without "
              "accept.share_listener");
  }
}

TEST(TakeOver, WhoSharesWithNobodyKeepsThePort) {
  auto settings = hardened();
  settings.accept.reuse_port = false;
  const Service first(settings, options(0, false));
  const auto sentence = refused(hardened(), options(first.port(), true));
  EXPECT_NE(sentence.find("Address already in use"), std::string::npos) << sentence;
  EXPECT_EQ(fetch({first.port()}, "/healthz", 5s).status, 200U);
}

}  // namespace
}  // namespace sevenstops::service
