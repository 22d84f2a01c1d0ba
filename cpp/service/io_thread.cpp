#include "service/io_thread.hpp"

#include <malloc.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "stops/walk_http1.hpp"
#include "stops/walk_tls.hpp"

namespace sevenstops::service {

namespace asio = boost::asio;
using base::Clock;
using base::Stop;
using base::tcp;

namespace {

// What the allocator keeps of a burst, where it is much.
void give_memory_back() {
  constexpr std::size_t much = std::size_t{8} << 20;
  if (::mallinfo2().fordblks > much) {
    ::malloc_trim(0);
  }
}

}  // namespace

IoThread::IoThread(const stops::Settings& settings, const stops::Backend& backend,
                   const std::string& token, const faults::Faults& injected,
                   const faults::FaultClock& clock, base::Log& log, stops::Places& places,
                   base::Budget& budget, std::shared_ptr<stops::RateLimiter> limiter,
                   const base::TlsServer* tls)
    : tls_(tls),
      places_(places),
      settings_(settings),
      stops_(settings, backend, token, injected, clock, metrics_, log, budget, std::move(limiter)) {
}

IoThread::~IoThread() = default;

void IoThread::listen(const base::tcp::endpoint& endpoint, std::vector<IoThread*> owners,
                      int before, bool joins) {
  owners_ = std::move(owners);
  accept_.emplace(io_, endpoint, settings_.accept, stall(before), joins);
}

void IoThread::share(IoThread& first, int before) {
  owners_ = {this};
  accept_.emplace(io_, *first.accept_, stall(before));
}

stops::Accept::Stall IoThread::stall(int acceptor) {
  return [this, acceptor](Clock::time_point now) { return stops_.faults.stall(now, acceptor); };
}

void IoThread::start(bool keeps_house, Failed failed) {
  keeps_house_ = keeps_house;
  if (keeps_house) {
    metrics_.accept.connections_bound.add(static_cast<std::uint64_t>(places_.most()));
  }
  asio::co_spawn(io_, run(), [failed = std::move(failed)](const std::exception_ptr& trouble) {
    try {
      if (trouble) {
        std::rethrow_exception(trouble);
      }
    } catch (const std::exception& error) {
      failed(error.what());
    }
  });
  thread_ = std::thread([this] { io_.run(); });
}

void IoThread::leave(bool heir) {
  asio::post(io_, [this, heir] {
    stops_.leave();
    if (accept_) {
      accept_->finish(heir);
    }
  });
}

void IoThread::cancel() {
  stops_.stopping = true;
  asio::post(io_, [this] {
    if (group_ != nullptr) {
      group_->cancel();
    }
  });
}

void IoThread::join() {
  if (thread_.joinable()) {
    thread_.join();
  }
}

asio::awaitable<void> IoThread::run() {
  // Nobody reaches the group once it is gone, however it ended.
  struct Forgotten {
    ~Forgotten() { group = nullptr; }
    base::TaskGroup*& group;
  } const forgotten{group_};
  co_await base::with_task_group([this](base::TaskGroup& group) -> asio::awaitable<void> {
    group_ = &group;
    group.spawn(sweep());
    if (accept_) {
      group.spawn(accept());
    }
    co_return;
  });
}

asio::awaitable<void> IoThread::accept() {
  std::size_t turn = 0;
  while (true) {
    auto& owner = *owners_[turn++ % owners_.size()];
    auto next = co_await accept_->next(owner.io_);
    if (!next) {
      co_return;
    }
    auto& socket = *next;
    metrics_[Stop::accept].entered.add();
    const auto queued = stops::time_in_queue(socket);
    metrics_[Stop::accept].seconds.record(queued);
    boost::system::error_code error;
    socket.non_blocking(true, error);
    socket.set_option(tcp::no_delay(settings_.drain.no_delay), error);
    if (settings_.drain.send_buffer > 0) {
      socket.set_option(
          asio::socket_base::send_buffer_size(static_cast<int>(settings_.drain.send_buffer)),
          error);
    }
    if (&owner == this) {
      take(std::move(socket), queued);
    } else {
      asio::post(owner.io_, [&owner, socket = std::move(socket), queued]() mutable {
        owner.take(std::move(socket), queued);
      });
    }
  }
}

void IoThread::take(tcp::socket socket, Clock::duration queued) {
  if (group_ == nullptr) {
    return;
  }
  // Work for those who have given up would make the living wait until they do.
  const auto most = base::seconds(settings_.accept.queue_time);
  if (most.count() > 0 && queued > most) {
    turn_away(std::move(socket), queued, http::Reason::accept_queue_time);
    return;
  }
  auto place = places_.try_take();
  if (!place && settings_.accept.close_silent) {
    place = stops_.make_room();
  }
  if (!place) {
    turn_away(std::move(socket), queued, http::Reason::max_connections);
  } else if (tls_ != nullptr) {
    group_->spawn(stops::walk_tls(stops_, std::move(socket), *tls_, queued, std::move(place)));
  } else {
    group_->spawn(stops::walk_http1(stops_, std::move(socket), queued, std::move(place)));
  }
}

void IoThread::turn_away(tcp::socket socket, Clock::duration queued, http::Reason reason) {
  if (tls_ != nullptr) {
    stops::turn_away_tls(stops_, socket, reason);
  } else {
    stops::turn_away_http1(stops_, std::move(socket), queued, reason);
  }
}

asio::awaitable<void> IoThread::sweep() {
  constexpr std::chrono::milliseconds period{25};
  constexpr std::chrono::seconds flush_period{1};
  auto flushed = Clock::now();
  while (true) {
    const auto due = Clock::now() + period;
    co_await base::sleep_until(due);
    metrics_.loop.late.record(Clock::now() - due);
    stops_.sweep();
    // Nobody but this coroutine.
    left_ = stops_.leaving && group_->running() == 1;
    if (!keeps_house_) {
      continue;
    }
    auto& accept = metrics_.accept;
    const auto held = static_cast<std::uint64_t>(std::max<std::int64_t>(0, stops_.budget.held()));
    accept.held.sub(accept.held.value());
    accept.held.add(held);
    accept.held_most.raise_to(held);
    if (Clock::now() - flushed >= flush_period) {
      flushed = Clock::now();
      give_memory_back();
      stops_.log.flush();
      count_log();
    }
  }
}

void IoThread::count_log() {
  const auto& log = stops_.log;
  auto& counted = metrics_.log;
  // It may go back by a line or two for a moment; a counter does not.
  counted.dropped.add(std::max(log.dropped(), counted.dropped.value()) - counted.dropped.value());
  counted.write_errors.add(log.write_errors() - counted.write_errors.value());
  counted.lines_lost.add(log.lines_lost() - counted.lines_lost.value());
  counted.errors_dropped.add(log.errors_dropped() - counted.errors_dropped.value());
}

}  // namespace sevenstops::service
