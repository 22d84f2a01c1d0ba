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

// One who waits for a connection. It is handed over, so that nobody who comes meanwhile gets it.
struct Pool::Waiter {
  Waiter(Group& g, std::uint64_t n, asio::any_io_executor e)
      : group(g),
        number(n),
        executor(std::move(e)),
        place(g.waiters.insert(g.waiters.end(), this)) {}
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;
  ~Waiter() {
    if (!lease) {
      group.waiters.erase(place);
    } else if (lease->used()) {
      // It was cancelled just then: another goes on with what it got.
      lease->keep();
    }
  }

  base::Event turn;
  Group& group;
  std::uint64_t number;
  asio::any_io_executor executor;
  std::list<Waiter*>::iterator place;
  std::optional<Lease> lease;
};

Pool::Lease::Lease(Lease&& other) noexcept
    : pool_(std::exchange(other.pool_, nullptr)),
      group_(other.group_),
      socket_(std::move(other.socket_)),
      used_(other.used_),
      kept_(other.kept_) {}

Pool::Lease::~Lease() {
  if (pool_ != nullptr) {
    pool_->give_back(*group_, *this);
  }
}

void Pool::give_back(Group& group, Lease& lease) {
  if (lease.kept_) {
    ++idle_;
    group.idle.push_back({std::move(lease.socket_), Clock::now()});
  } else {
    boost::system::error_code error;
    lease.socket_.close(error);
    closed(group);
  }
  serve();
}

void Pool::closed(Group& group) {
  --group.open;
  --open_;
}

// The one that has been idle for longer than the others of its group.
void Pool::close_oldest(Group& group) {
  group.idle.pop_front();
  --idle_;
  closed(group);
}

// The group with the connection that has been idle for the longest; nullptr when none is.
Pool::Group* Pool::longest_idle() {
  Group* longest = nullptr;
  for (auto& [port, group] : groups_) {
    if (!group.idle.empty() &&
        (longest == nullptr || group.idle.front().since < longest->idle.front().since)) {
      longest = &group;
    }
  }
  return longest;
}

// An idle connection to somebody else makes room.
bool Pool::has_room(const Group& group) const {
  return !group.idle.empty() || (group.open < settings_.limit && (!all_taken() || idle_ > 0));
}

// To be called where there is room.
Pool::Lease Pool::take(Group& group, const asio::any_io_executor& executor) {
  while (!group.idle.empty()) {
    // The one used last is the least likely to have been closed meanwhile.
    auto socket = std::move(group.idle.back().socket);
    group.idle.pop_back();
    --idle_;
    if (resting(socket)) {
      return {*this, group, std::move(socket), true};
    }
    closed(group);
  }
  if (all_taken()) {
    close_oldest(*longest_idle());
  }
  ++group.open;
  ++open_;
  return {*this, group, tcp::socket(executor), false};
}

// Whoever has room now goes on, the last who came first: in a queue that has grown long the first
// ones have no time left for an answer (adaptive LIFO; Maurer, *Fail at Scale*, 2015). Those who
// wait for a replica whose limit is reached don't hold up the others.
void Pool::serve() {
  while (true) {
    Group* next = nullptr;
    for (auto& [port, group] : groups_) {
      if (!group.waiters.empty() && has_room(group) &&
          (next == nullptr || group.waiters.back()->number > next->waiters.back()->number)) {
        next = &group;
      }
    }
    if (next == nullptr) {
      return;
    }
    auto* waiter = next->waiters.back();
    next->waiters.pop_back();
    waiter->lease.emplace(take(*next, waiter->executor));
    waiter->turn.notify();
  }
}

asio::awaitable<Pool::Lease> Pool::turn(Group& group, Clock::time_point limit) {
  metrics_.pool_waits.add();
  metrics_.pool_starved.add(group.open < settings_.limit ? 1 : 0);
  struct Measured {
    ~Measured() {
      const auto now = Clock::now();
      metrics.pool_wait.record(now - began);
      if (!waiter.lease) {
        metrics.pool_timeouts.add(now >= limit ? 1 : 0);
      }
    }
    Metrics& metrics;
    const Waiter& waiter;
    Clock::time_point limit;
    Clock::time_point began = Clock::now();
  };
  Waiter waiter(group, ++waited_, co_await asio::this_coro::executor);
  const Measured measured{metrics_, waiter, limit};
  co_await waiter.turn.async_wait(asio::use_awaitable);
  co_return std::move(*waiter.lease);
}

asio::awaitable<std::optional<Pool::Lease>> Pool::acquire(std::uint16_t port,
                                                          Clock::time_point limit) {
  const auto executor = co_await asio::this_coro::executor;
  auto& group = groups_[port];
  std::optional<Lease> lease;
  if (has_room(group)) {
    lease.emplace(take(group, executor));
  } else {
    lease.emplace(co_await turn(group, limit));
  }
  if (!lease->used() && !co_await connect(lease->socket(), port)) {
    co_return std::nullopt;
  }
  co_return std::move(lease);
}

// False when the peer refuses.
asio::awaitable<bool> Pool::connect(tcp::socket& socket, std::uint16_t port) {
  metrics_.connects.add();
  const tcp::endpoint endpoint(asio::ip::address_v4::loopback(), port);
  const auto [error] = co_await socket.async_connect(endpoint, base::as_tuple);
  if (error == asio::error::operation_aborted) {
    throw boost::system::system_error(error);
  }
  boost::system::error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  socket.non_blocking(true, ignored);
  co_return !error;
}

void Pool::close() {
  for (auto& [port, group] : groups_) {
    while (!group.idle.empty()) {
      close_oldest(group);
    }
  }
}

void Pool::sweep(Clock::time_point now) {
  const auto oldest = now - base::seconds(settings_.idle_timeout);
  for (auto& [port, group] : groups_) {
    while (!group.idle.empty() && group.idle.front().since < oldest) {
      close_oldest(group);
    }
  }
}

}  // namespace sevenstops::upstream
