#include "upstream/pool.hpp"

#include <sys/socket.h>

#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <utility>

namespace sevenstops::upstream {
namespace {

// A connection that rests has nothing to read; a byte or an end means that the peer gave it up.
bool resting(tcp::socket& socket) {
  char byte = 0;
  return ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
         (errno == EAGAIN || errno == EWOULDBLOCK);
}

}  // namespace

// One who waits for something to be given back.
struct Pool::Waiter {
  explicit Waiter(Group& c) : group(c), place(c.waiters.insert(c.waiters.end(), this)) {}
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;
  ~Waiter() {
    if (!called) {
      group.waiters.erase(place);
    } else if (!went_on) {
      group.wake_next();
    }
  }

  base::Event turn;
  Group& group;
  std::list<Waiter*>::iterator place;
  bool called = false;
  bool went_on = false;
};

Pool::Lease::Lease(Lease&& other) noexcept
    : group_(std::exchange(other.group_, nullptr)),
      port_(other.port_),
      socket_(std::move(other.socket_)),
      used_(other.used_),
      kept_(other.kept_) {}

Pool::Lease::~Lease() {
  if (group_ == nullptr) {
    return;
  }
  if (kept_) {
    group_->idle[port_].push_back({std::move(socket_), Clock::now()});
  } else {
    boost::system::error_code error;
    socket_.close(error);
    --group_->open;
  }
  group_->wake_next();
}

std::optional<tcp::socket> Pool::Group::take_idle(std::uint16_t port) {
  auto& kept = idle[port];
  while (!kept.empty()) {
    // The one used last is the least likely to have been closed meanwhile.
    auto socket = std::move(kept.back().socket);
    kept.pop_back();
    if (resting(socket)) {
      return socket;
    }
    --open;
  }
  return std::nullopt;
}

// An idle connection to somebody else makes room.
void Pool::Group::make_room(std::int64_t limit) {
  for (auto& [port, kept] : idle) {
    if (open < limit) {
      return;
    }
    if (!kept.empty()) {
      kept.pop_front();
      --open;
    }
  }
}

// The last who came goes first: in a queue that has grown long the first ones have no time left for
// an answer (adaptive LIFO; Maurer, *Fail at Scale*, 2015).
void Pool::Group::wake_next() {
  if (!waiters.empty()) {
    auto* next = waiters.back();
    waiters.pop_back();
    next->called = true;
    next->turn.notify();
  }
}

asio::awaitable<void> Pool::turn(Group& group, Clock::time_point limit) {
  metrics_.pool_waits.add();
  struct Measured {
    ~Measured() {
      const auto now = Clock::now();
      metrics.pool_wait.record(now - began);
      if (!waiter.called) {
        metrics.pool_timeouts.add(now >= limit ? 1 : 0);
      }
    }
    Metrics& metrics;
    const Waiter& waiter;
    Clock::time_point limit;
    Clock::time_point began = Clock::now();
  };
  Waiter waiter(group);
  const Measured measured{metrics_, waiter, limit};
  co_await waiter.turn.async_wait(asio::use_awaitable);
  waiter.went_on = true;
}

asio::awaitable<std::optional<Pool::Lease>> Pool::acquire(std::uint16_t port,
                                                          Clock::time_point limit) {
  auto& shared = group(port);
  while (true) {
    if (auto kept = shared.take_idle(port)) {
      co_return Lease(shared, port, std::move(*kept), true);
    }
    shared.make_room(settings_.limit);
    if (shared.open < settings_.limit) {
      break;
    }
    co_await turn(shared, limit);
  }
  ++shared.open;
  metrics_.connects.add();
  Lease lease(shared, port, tcp::socket(co_await asio::this_coro::executor), false);
  const auto [error] = co_await lease.socket().async_connect(
      tcp::endpoint(asio::ip::address_v4::loopback(), port), base::as_tuple);
  if (error == asio::error::operation_aborted) {
    throw boost::system::system_error(error);
  }
  if (error) {
    co_return std::nullopt;
  }
  boost::system::error_code ignored;
  lease.socket().set_option(tcp::no_delay(true), ignored);
  lease.socket().non_blocking(true, ignored);
  co_return std::move(lease);
}

void Pool::close() {
  for (auto& [key, shared] : groups_) {
    for (auto& [port, kept] : shared.idle) {
      shared.open -= static_cast<std::int64_t>(kept.size());
      kept.clear();
    }
  }
}

void Pool::sweep(Clock::time_point now) {
  const auto oldest = now - base::seconds(settings_.idle_timeout);
  for (auto& [key, shared] : groups_) {
    for (auto& [port, kept] : shared.idle) {
      while (!kept.empty() && kept.front().since < oldest) {
        kept.pop_front();
        --shared.open;
      }
    }
  }
}

}  // namespace sevenstops::upstream
