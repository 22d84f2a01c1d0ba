#include "service/io_thread.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include "stops/walk_http1.hpp"

namespace sevenstops::service {

namespace asio = boost::asio;
using base::Clock;
using base::Stop;
using base::tcp;

IoThread::IoThread(const stops::Settings& settings, const stops::Backend& backend,
                   const std::string& token, const faults::Faults& injected,
                   const faults::FaultClock& clock, base::Log& log)
    : settings_(settings), stops_(settings, backend, token, injected, clock, metrics_, log) {}

IoThread::~IoThread() = default;

void IoThread::listen(std::uint16_t port, std::vector<IoThread*> owners) {
  owners_ = std::move(owners);
  accept_.emplace(io_, port, settings_.accept,
                  [this](Clock::time_point now) { return stops_.faults.stall(now); });
}

void IoThread::start(bool counts_log, Failed failed) {
  counts_log_ = counts_log;
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

// Whether there is no room for another connection.
bool IoThread::full() const {
  return metrics_.accept.connections_open.value() >=
         static_cast<std::uint64_t>(settings_.accept.max_connections);
}

asio::awaitable<void> IoThread::accept() {
  std::size_t turn = 0;
  while (true) {
    auto& owner = *owners_[turn++ % owners_.size()];
    auto socket = co_await accept_->next(owner.io_);
    metrics_[Stop::accept].entered.add();
    const auto queued = stops::time_in_queue(socket);
    metrics_[Stop::accept].seconds.record(queued);
    boost::system::error_code error;
    socket.non_blocking(true, error);
    if (owner.full()) {
      stops::turn_away_http1(stops_, std::move(socket), queued, http::Reason::max_connections);
      continue;
    }
    socket.set_option(tcp::no_delay(true), error);
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
  if (group_ != nullptr) {
    group_->spawn(stops::walk_http1(stops_, std::move(socket), queued));
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
    if (counts_log_ && Clock::now() - flushed >= flush_period) {
      flushed = Clock::now();
      stops_.log.flush();
      metrics_.log.dropped.add(stops_.log.dropped() - metrics_.log.dropped.value());
      metrics_.log.write_errors.add(stops_.log.write_errors() - metrics_.log.write_errors.value());
    }
  }
}

}  // namespace sevenstops::service
