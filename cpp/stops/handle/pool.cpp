#include "stops/handle/pool.hpp"

#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace sevenstops {
namespace {

constexpr auto awaitable_tuple = asio::as_tuple(asio::use_awaitable);

// A connection that rests has nothing to read; a byte or an end means that the peer gave it up.
bool resting(tcp::socket& socket) {
  char byte = 0;
  return ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
         (errno == EAGAIN || errno == EWOULDBLOCK);
}

}  // namespace

std::optional<tcp::socket> Pool::idle(Group& group, std::uint16_t port) {
  auto& kept = group.idle[port];
  while (!kept.empty()) {
    // The one used last is the least likely to have been closed meanwhile.
    auto socket = std::move(kept.back().socket);
    kept.pop_back();
    if (resting(socket)) {
      return socket;
    }
    --group.open;
  }
  return std::nullopt;
}

// The last who came goes first: in a queue that has grown long the first ones have no time left for
// an answer (adaptive LIFO; Maurer, *Fail at Scale*, 2015).
void Pool::ended(Group& group) {
  if (!group.waiting.empty()) {
    auto* next = group.waiting.back();
    group.waiting.pop_back();
    next->called = true;
    next->turn.cancel();
  }
}

asio::awaitable<bool> Pool::turn(Group& group, Attempt& attempt, Clock::time_point limit) {
  metrics_.pool_waits.add();
  const auto began = Clock::now();
  Waiter waiter{asio::steady_timer(co_await asio::this_coro::executor, limit)};
  const auto place = group.waiting.insert(group.waiting.end(), &waiter);
  attempt.waits(&waiter.turn);
  co_await waiter.turn.async_wait(awaitable_tuple);
  attempt.waits(nullptr);
  if (!waiter.called) {
    group.waiting.erase(place);
  } else if (attempt.cancelled()) {
    ended(group);
  }
  metrics_.pool_wait.record(Clock::now() - began);
  co_return waiter.called && !attempt.cancelled();
}

asio::awaitable<std::optional<Pool::Leased>> Pool::take(std::uint16_t port, Attempt& attempt,
                                                        Clock::time_point limit) {
  auto& shared = group(port);
  while (true) {
    if (auto kept = idle(shared, port)) {
      co_return Leased{std::move(*kept), true};
    }
    if (shared.open >= settings_.pool_limit) {
      // An idle connection to somebody else makes room.
      for (auto& [other, kept] : shared.idle) {
        if (!kept.empty()) {
          kept.pop_front();
          --shared.open;
          break;
        }
      }
    }
    if (shared.open < settings_.pool_limit) {
      break;
    }
    if (!co_await turn(shared, attempt, limit)) {
      metrics_.pool_timeouts.add(Clock::now() >= limit ? 1 : 0);
      co_return std::nullopt;
    }
  }
  ++shared.open;
  metrics_.dependency_connects.add();
  tcp::socket socket(co_await asio::this_coro::executor);
  attempt.uses(&socket);
  const auto [error] = co_await socket.async_connect(
      tcp::endpoint(asio::ip::address_v4::loopback(), port), awaitable_tuple);
  attempt.uses(nullptr);
  boost::system::error_code ignored;
  if (!error && !attempt.cancelled()) {
    socket.set_option(tcp::no_delay(true), ignored);
    socket.non_blocking(true, ignored);
    co_return Leased{std::move(socket), false};
  }
  --shared.open;
  ended(shared);
  co_return std::nullopt;
}

void Pool::give(std::uint16_t port, tcp::socket socket, bool reusable) {
  auto& shared = group(port);
  if (reusable) {
    shared.idle[port].push_back({std::move(socket), Clock::now()});
  } else {
    boost::system::error_code error;
    socket.close(error);
    --shared.open;
  }
  ended(shared);
}

void Pool::close() {
  for (auto& [key, shared] : groups_) {
    shared.idle.clear();
  }
}

void Pool::sweep(Clock::time_point now) {
  const auto oldest = now - seconds(settings_.pool_idle_timeout);
  for (auto& [key, shared] : groups_) {
    for (auto& [port, kept] : shared.idle) {
      while (!kept.empty() && kept.front().since < oldest) {
        kept.pop_front();
        --shared.open;
      }
    }
  }
}

}  // namespace sevenstops
