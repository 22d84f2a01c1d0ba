#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "../support/run.hpp"
#include "../support/sockets.hpp"
#include "upstream/pool.hpp"

namespace sevenstops::upstream::fakes {

inline constexpr auto never = Clock::time_point::max();

/// A replica: the kernel completes its connections, and it takes them when it is asked to.
class Replica {
 public:
  explicit Replica(asio::io_context& io) : acceptor_(io, {asio::ip::address_v4::loopback(), 0}) {}

  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  tcp::socket take() { return acceptor_.accept(); }

 private:
  tcp::acceptor acceptor_;
};

/// A pool of connections to one replica.
class PoolTest : public ::testing::Test {
 protected:
  void run(const std::function<asio::awaitable<void>(Pool&)>& body) {
    Pool pool(settings, metrics);
    test::run(io, [&]() -> asio::awaitable<void> { co_await body(pool); });
    io.restart();
    pool.close();
  }
  // Takes a connection, notes it, and gives it back after a turn of the loop.
  asio::awaitable<void> take(Pool& pool, int number, bool keeps = true) {
    return take_from(replica, pool, number, keeps);
  }
  asio::awaitable<void> take_from(const Replica& from, Pool& pool, int number, bool keeps = true) {
    auto lease = co_await pool.acquire(from.port(), never);
    order.push_back(number);
    co_await base::sleep_until(Clock::now());
    if (keeps) {
      lease->keep();
    }
  }
  asio::awaitable<void> until_waiting(std::uint64_t n) const {
    while (metrics.pool_waits.value() < n) {
      co_await base::sleep_until(Clock::now());
    }
  }

  asio::io_context io;
  Replica replica{io};
  PoolSettings settings{.limit = 2};
  Metrics metrics;
  std::vector<int> order;
};

}  // namespace sevenstops::upstream::fakes
