#include "load/load.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "base/descriptors.hpp"
#include "load/dispatch/worker.hpp"
#include "load/engine/block_on.hpp"
#include "load/engine/channel.hpp"
#include "load/users/users.hpp"

namespace sevenstops::load {
namespace {

void set_address(Peer& peer, const Target& target) {
  auto* v4 = reinterpret_cast<sockaddr_in*>(&peer.address);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&peer.address);
  if (::inet_pton(AF_INET, target.address.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(target.port);
    peer.length = sizeof *v4;
  } else if (::inet_pton(AF_INET6, target.address.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(target.port);
    peer.length = sizeof *v6;
  } else {
    throw std::invalid_argument("'" + target.address + "' is not an IP address");
  }
}

bool is_loopback(const Peer& peer) {
  if (peer.address.ss_family == AF_INET6) {
    const auto& address = reinterpret_cast<const sockaddr_in6*>(&peer.address)->sin6_addr;
    return IN6_IS_ADDR_LOOPBACK(&address) ||
           (IN6_IS_ADDR_V4MAPPED(&address) && address.s6_addr[12] == 127);
  }
  constexpr int network_shift = 24;
  const auto& address = reinterpret_cast<const sockaddr_in*>(&peer.address)->sin_addr;
  return ntohl(address.s_addr) >> network_shift == 127;
}

std::string shown(const Target& target) {
  const bool v6 = target.address.find(':') != std::string::npos;
  return (v6 ? "[" + target.address + "]" : target.address) + ":" + std::to_string(target.port);
}

// A load is an attack on whoever did not ask for it.
void require_allowed(const Plan& plan, const Peer& peer, const Target& target) {
  const auto named = [&](const std::string& host) {
    return host == target.address || host == target.host || target.host.starts_with(host + ":");
  };
  if (!is_loopback(peer) && std::ranges::none_of(plan.allow, named)) {
    throw std::invalid_argument(
        shown(target) +
        " is not this machine: a load goes to loopback only, unless the plan's "
        "allow or --allow-remote names the host");
  }
}

void require_descriptors(const Plan& plan) {
  // Engines, files that are open already, and a reserve.
  constexpr rlim_t others = 64;
  const auto needed = static_cast<rlim_t>(plan.descriptors()) + others;
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < needed) {
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
  if (limit.rlim_cur < needed) {
    throw std::runtime_error("this plan needs " + std::to_string(needed) +
                             " file descriptors and this process may have " +
                             std::to_string(limit.rlim_cur) + ": raise ulimit -n");
  }
  base::reserve_descriptors(static_cast<std::int64_t>(needed));
}

double thread_cpu_seconds() {
  timespec spent{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  return static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) * 1e-9;
}

// A load against nothing would be a histogram of refusals; one connection tells beforehand.
void require_listener(const Peer& peer, const Target& target, double patience) {
  const auto engine = make_epoll_engine();
  Channel channel(*engine, peer);
  channel.socket().expire_at(Clock::now() + base::seconds(patience));
  const auto opened = block_on(*engine, channel.open());
  if (opened.error != 0) {
    throw std::runtime_error("nothing answers on " + shown(target) + ": " +
                             std::strerror(opened.error));
  }
  if (!opened.trouble.empty()) {
    throw std::runtime_error("no TLS with " + shown(target) + ": " + opened.trouble);
  }
}

}  // namespace

struct LoadRun::State {
  State(const Plan& p, const Target& target, std::string engine_name)
      : plan(p), engine(std::move(engine_name)) {
    peer.host = target.host;
    set_address(peer, target);
  }
  ~State() {
    cancelled.store(true, std::memory_order_relaxed);
    join();
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void start() {
    schedule.emplace(plan, Clock::now());
    for (std::int64_t i = 0; i < plan.threads; ++i) {
      recorders.emplace_back(plan, *schedule);
    }
    running = recorders.size();
    for (std::int64_t i = 0; i < plan.threads; ++i) {
      threads.emplace_back([this, i] { run(i); });
    }
  }

  void run(std::int64_t index) {
    auto& recorder = recorders[static_cast<std::size_t>(index)];
    std::exception_ptr failure;
    const auto cpu_before = thread_cpu_seconds();
    try {
      send(index, recorder);
    } catch (...) {
      failure = std::current_exception();
    }
    const auto now = Clock::now();
    auto& client = recorder.client();
    client.cpu_seconds = thread_cpu_seconds() - cpu_before;
    client.busiest = client.cpu_seconds / std::max(1e-9, schedule->since_start(now));
    recorder.end(now, failure);
    const std::scoped_lock lock(mutex);
    if (--running == 0) {
      ended.notify_all();
    }
  }

  void send(std::int64_t index, Recorder& recorder) {
    const auto made = make_engine(engine);
    recorder.client().engine = made->name();
    Worker worker({plan, peer, *schedule}, index, *made, recorder,
                  plan.protocol == "h2" ? http2_user : http1_user);
    worker.run(cancelled);
  }

  void join() {
    for (auto& thread : threads) {
      if (thread.joinable()) {
        thread.join();
      }
    }
  }

  const Plan plan;
  const std::string engine;
  Peer peer;
  std::optional<TlsContext> tls;
  std::optional<Schedule> schedule;
  std::deque<Recorder> recorders;
  std::atomic<bool> cancelled{false};
  std::mutex mutex;
  std::condition_variable ended;
  std::size_t running = 0;
  std::vector<std::thread> threads;
};

LoadRun::LoadRun(const Plan& plan, const Target& target, const std::string& engine) {
  plan.check();
  state_ = std::make_unique<State>(plan, target, engine);
  auto& s = *state_;
  require_allowed(plan, s.peer, target);
  require_descriptors(plan);
  if (target.tls.enabled) {
    s.tls.emplace(target.tls, target.host, plan.protocol);
    s.peer.tls = &*s.tls;
  }
  // Asked for once before anything is sent; each thread makes its own.
  (void)make_engine(engine);
  require_listener(s.peer, target, plan.connect_timeout);
  s.start();
}

LoadRun::~LoadRun() = default;

bool LoadRun::wait_for(std::chrono::milliseconds patience) {
  std::unique_lock lock(state_->mutex);
  return state_->ended.wait_for(lock, patience, [this] { return state_->running == 0; });
}

void LoadRun::cancel() { state_->cancelled.store(true, std::memory_order_relaxed); }

double LoadRun::elapsed() const { return state_->schedule->since_start(Clock::now()); }

std::vector<IntervalSum> LoadRun::series() const {
  std::vector<IntervalSum> sums;
  for (const auto& recorder : state_->recorders) {
    recorder.series().add_to(sums);
  }
  return sums;
}

LoadResult LoadRun::result() {
  auto& s = *state_;
  s.join();
  LoadResult result;
  result.fingerprint = s.plan.fingerprint();
  for (const auto& recorder : s.recorders) {
    recorder.add_to(result, s.plan);
  }
  for (const auto& [name, record] : result.by_name) {
    result.all.merge(record);
  }
  const auto planned = std::min(s.plan.duration(), result.duration);
  result.sending = std::max(result.sending, planned) - s.plan.warm_up;
  result.series = series();
  return result;
}

LoadResult run_load(const Plan& plan, const Target& target, const std::string& engine) {
  return LoadRun(plan, target, engine).result();
}

}  // namespace sevenstops::load
