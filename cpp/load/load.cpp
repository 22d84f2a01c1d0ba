#include "load/load.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "load/thread.hpp"

namespace sevenstops::load {
namespace {

void set_address(Endpoint& endpoint, const Target& target) {
  auto* v4 = reinterpret_cast<sockaddr_in*>(&endpoint.address);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&endpoint.address);
  if (::inet_pton(AF_INET, target.address.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(target.port);
    endpoint.length = sizeof *v4;
  } else if (::inet_pton(AF_INET6, target.address.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(target.port);
    endpoint.length = sizeof *v6;
  } else {
    throw std::invalid_argument("'" + target.address + "' is not an IP address");
  }
}

bool is_loopback(const Endpoint& endpoint) {
  if (endpoint.address.ss_family == AF_INET6) {
    const auto& address = reinterpret_cast<const sockaddr_in6*>(&endpoint.address)->sin6_addr;
    return IN6_IS_ADDR_LOOPBACK(&address) ||
           (IN6_IS_ADDR_V4MAPPED(&address) && address.s6_addr[12] == 127);
  }
  constexpr int network_shift = 24;
  const auto& address = reinterpret_cast<const sockaddr_in*>(&endpoint.address)->sin_addr;
  return ntohl(address.s_addr) >> network_shift == 127;
}

std::string shown(const Target& target) {
  const bool v6 = target.address.find(':') != std::string::npos;
  return (v6 ? "[" + target.address + "]" : target.address) + ":" + std::to_string(target.port);
}

// A load is an attack on whoever did not ask for it.
void require_allowed(const Plan& plan, const Endpoint& endpoint, const Target& target) {
  const auto named = [&](const std::string& host) {
    return host == target.address || host == target.host || target.host.starts_with(host + ":");
  };
  if (!is_loopback(endpoint) && std::ranges::none_of(plan.allow, named)) {
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
}

Detached try_to_open(Channel& channel, std::optional<Channel::Opened>& opened) {
  opened = co_await channel.open();
}

// A load against nothing would be a histogram of refusals; one connection tells beforehand.
void require_listener(const Endpoint& endpoint, const Target& target, double patience) {
  const auto engine = make_epoll_engine();
  std::optional<Channel::Opened> opened;
  Channel channel(*engine, endpoint);
  channel.socket().expire_at(Clock::now() + LoadThread::as_duration(patience));
  try_to_open(channel, opened);
  while (!opened) {
    constexpr std::chrono::seconds a_while{1};
    engine->run_once(Clock::now() + a_while);
  }
  if (opened->error != 0) {
    const int error = opened->error == ETIMEDOUT ? ETIMEDOUT : opened->error;
    throw std::runtime_error("nothing answers on " + shown(target) + ": " + std::strerror(error));
  }
  if (!opened->trouble.empty()) {
    throw std::runtime_error("no TLS with " + shown(target) + ": " + opened->trouble);
  }
}

}  // namespace

struct LoadRun::State {
  Plan plan;
  Endpoint endpoint;
  std::optional<TlsContext> tls;
  Clock::time_point start;
  std::vector<std::unique_ptr<LoadThread>> loads;
  std::vector<std::thread> threads;
  std::mutex mutex;
  std::condition_variable ended;
  std::size_t running = 0;

  void run(LoadThread& load) {
    load.run();
    const std::scoped_lock lock(mutex);
    if (--running == 0) {
      ended.notify_all();
    }
  }

  void join() {
    for (auto& thread : threads) {
      if (thread.joinable()) {
        thread.join();
      }
    }
  }
};

LoadRun::LoadRun(const Plan& plan, const Target& target, const std::string& engine)
    : state_(std::make_unique<State>()) {
  plan.check();
  auto& s = *state_;
  s.plan = plan;
  s.endpoint.host = target.host;
  set_address(s.endpoint, target);
  require_allowed(plan, s.endpoint, target);
  require_descriptors(plan);
  if (target.tls.enabled) {
    s.tls.emplace(target.tls, target.host, plan.protocol);
    s.endpoint.tls = &*s.tls;
  }
  (void)make_engine(engine);
  require_listener(s.endpoint, target, plan.connect_timeout);
  s.start = Clock::now();
  for (std::int64_t i = 0; i < plan.threads; ++i) {
    s.loads.push_back(std::make_unique<LoadThread>(s.plan, s.endpoint, i, engine, s.start));
  }
  s.running = s.loads.size();
  for (auto& load : s.loads) {
    s.threads.emplace_back([&s, &l = *load] { s.run(l); });
  }
}

LoadRun::~LoadRun() {
  cancel();
  state_->join();
}

bool LoadRun::wait_for(std::chrono::milliseconds patience) {
  std::unique_lock lock(state_->mutex);
  return state_->ended.wait_for(lock, patience, [this] { return state_->running == 0; });
}

void LoadRun::cancel() {
  for (auto& load : state_->loads) {
    load->cancel();
  }
}

double LoadRun::elapsed() const {
  return std::chrono::duration<double>(Clock::now() - state_->start).count();
}

std::vector<IntervalSum> LoadRun::series() const {
  std::vector<IntervalSum> sums;
  for (const auto& load : state_->loads) {
    load->series.add_to(sums);
  }
  return sums;
}

LoadResult LoadRun::result() {
  auto& s = *state_;
  s.join();
  LoadResult result;
  result.fingerprint = s.plan.fingerprint();
  result.crowds.resize(s.plan.crowds.size());
  auto last_sent = s.start;
  auto ended = s.start;
  for (auto& load : s.loads) {
    const auto& part = load->result;
    if (part.trouble) {
      std::rethrow_exception(part.trouble);
    }
    result.requests += part.due;
    result.warm_up_requests += part.warm_up;
    result.phases.merge(part.phases);
    result.blocked.merge(part.blocked);
    result.client.merge(part.client);
    for (std::size_t i = 0; i < part.requests.size(); ++i) {
      result.by_name[s.plan.requests[i].name].merge(part.requests[i]);
    }
    for (std::size_t i = 0; i < part.crowds.size(); ++i) {
      result.crowds[i].merge(part.crowds[i]);
    }
    last_sent = std::max(last_sent, part.last_sent);
    ended = std::max(ended, part.ended);
  }
  for (const auto& [name, record] : result.by_name) {
    result.all.merge(record);
  }
  const auto since_start = [&](Clock::time_point when) {
    return std::chrono::duration<double>(when - s.start).count();
  };
  result.duration = since_start(ended);
  const auto planned = std::min(s.plan.duration(), result.duration);
  result.sending = std::max(since_start(last_sent), planned) - s.plan.warm_up;
  result.series = series();
  return result;
}

LoadResult run_load(const Plan& plan, const Target& target, const std::string& engine) {
  return LoadRun(plan, target, engine).result();
}

}  // namespace sevenstops::load
