#pragma once

#include <gtest/gtest.h>

#include <string>

#include "../cpp/support/http2_client.hpp"
#include "../cpp/support/observed.hpp"
#include "service/service.hpp"

namespace sevenstops::test {

/// A service that a client of HTTP/2 asks, with prior knowledge on the port of HTTP/1.1.
class Http2Scenario : public ::testing::Test {
 protected:
  static faults::Faults slow(const std::string& seconds) {
    return {faults::make_fault("slow-dependency=" + seconds)};
  }

  service::Settings settings = service::hardened();
  boost::asio::io_context io;
};

}  // namespace sevenstops::test
