#include "load/engine/engine.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <string>

namespace sevenstops::load {
namespace {

constexpr std::chrono::milliseconds sweep_period{5};

}  // namespace

Socket::Socket(Engine& engine, int family) : engine_(engine) {
  fd_ = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC | engine.socket_flags(), 0);
  if (fd_ < 0) {
    error_ = errno;
  }
  if (engine_.free_slots_.empty()) {
    slot_ = engine_.sockets_.size();
    engine_.sockets_.push_back(this);
    engine_.deadlines_.push_back(Clock::time_point::max());
  } else {
    slot_ = engine_.free_slots_.back();
    engine_.free_slots_.pop_back();
    engine_.sockets_[slot_] = this;
  }
  if (fd_ >= 0) {
    constexpr int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
}

Socket::~Socket() {
  never_expire();
  engine_.sockets_[slot_] = nullptr;
  engine_.free_slots_.push_back(slot_);
  if (fd_ >= 0) {
    engine_.closing(*this);
    ::close(fd_);
  }
}

void Engine::run_once(Clock::time_point until) {
  if (!timers_.empty()) {
    until = std::min(until, timers_.top().at);
  }
  wait(std::min(until, next_sweep_));
  fire_timers();
  if (now_ >= next_sweep_) {
    next_sweep_ = now_ + sweep_period;
    sweep();
  }
}

void Engine::fire_timers() {
  while (!timers_.empty() && (stopping_ || timers_.top().at <= now_)) {
    const auto waiter = timers_.top().waiter;
    timers_.pop();
    waiter.resume();
  }
}

void Engine::sweep() {
  for (std::size_t slot = 0; slot < deadlines_.size(); ++slot) {
    if (deadlines_[slot] < now_ && sockets_[slot] != nullptr) {
      deadlines_[slot] = Clock::time_point::max();
      sockets_[slot]->timed_out_ = true;
      cancel(*sockets_[slot]);
    }
  }
}

void Engine::stop() {
  stopping_ = true;
  for (std::size_t slot = 0; slot < sockets_.size(); ++slot) {
    if (sockets_[slot] != nullptr) {
      cancel(*sockets_[slot]);
    }
  }
  fire_timers();
}

std::unique_ptr<Engine> make_engine(std::string_view name) {
  if (name == "epoll") {
    return make_epoll_engine();
  }
  auto uring = make_uring_engine();
  if (uring) {
    return uring;
  }
  if (name == "io_uring") {
    throw std::runtime_error("this kernel has no io_uring for this process: take the engine epoll");
  }
  return make_epoll_engine();
}

}  // namespace sevenstops::load
