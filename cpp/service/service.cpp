#include "service/service.hpp"

#include <poll.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

#include "base/descriptors.hpp"
#include "base/log.hpp"
#include "probes/listener.hpp"
#include "service/admin.hpp"
#include "service/io_thread.hpp"
#include "service/report.hpp"

namespace sevenstops::service {
namespace {

int usable_processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  return sched_getaffinity(0, sizeof set, &set) == 0 ? std::max(1, CPU_COUNT(&set)) : 1;
}

void check_shared(const stops::AcceptSettings& settings) {
  if (settings.listeners() != stops::Listeners::per_thread) {
    throw std::runtime_error(
        "a port can be taken over only with accept.reuse_port, and without accept.share_listener");
  }
}

void end_process(base::Log& log, const std::string& sentence) {
  constexpr int software_error = 70;
  const auto said = "sevenstops-service: " + sentence + "\n";
  (void)log.drain();
  // One write, and only where there is room for it: a pipe that nobody reads would keep the
  // process.
  pollfd room{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
  if (::poll(&room, 1, 0) == 1) {
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, said.data(), said.size());
  }
  ::_exit(software_error);
}

}  // namespace

struct Service::State {
  State(const ServiceOptions& options, const Settings& settings)
      : log(options.access_log),
        places(stops::connections_possible(settings.accept.max_connections)),
        budget(settings.parse.byte_budget),
        limiter(stops::make_limiter(settings.middleware)) {
    if (options.tls) {
      tls.emplace(*options.tls, settings.parse.http2.enabled);
    }
  }

  base::Log log;
  stops::Places places;
  base::Budget budget;
  std::shared_ptr<stops::RateLimiter> limiter;
  std::optional<base::TlsServer> tls;
  // Held until there is somebody to meet them.
  faults::FaultClock fault_clock{true};
  std::shared_ptr<store::Workers> workers;
  std::shared_ptr<store::Workers> report_workers;
  std::shared_ptr<store::Workers> compressors;
  std::vector<std::unique_ptr<IoThread>> threads;
  std::unique_ptr<Admin> admin;
  // With each other, and with other processes that ask for it.
  bool shares = false;

  [[nodiscard]] Threads metrics() const {
    Threads all;
    for (const auto& t : threads) {
      all.push_back(&t->metrics());
    }
    return all;
  }

  // Whether another process listens on the port, and gets what this one leaves in its queue.
  [[nodiscard]] bool has_heir() const {
    if (!shares || !stops::migrates_to_others()) {
      return false;
    }
    try {
      return probes::probe_listener(threads.front()->port()).listeners > threads.size();
    } catch (const std::runtime_error&) {
      return false;
    }
  }

  void listen(const Settings& settings, base::tcp::endpoint endpoint) {
    using stops::Listeners;
    const auto listeners = settings.accept.listeners();
    shares = listeners == Listeners::per_thread;
    auto& first = *threads.front();
    std::vector<IoThread*> owners{&first};
    if (listeners == Listeners::one_acceptor) {
      for (std::size_t i = 1; i < threads.size(); ++i) {
        owners.push_back(threads[i].get());
      }
    }
    // A port that the kernel chooses is nobody's.
    first.listen(endpoint, owners, 0, settings.accept.take_over && endpoint.port() != 0);
    endpoint.port(first.port());
    for (std::size_t i = 1; i < threads.size(); ++i) {
      auto& other = *threads[i];
      const auto before = static_cast<int>(i);
      if (listeners == Listeners::per_thread) {
        other.listen(endpoint, {&other}, before, true);
      } else if (listeners == Listeners::shared) {
        other.share(first, before);
      }
    }
  }
};

Service::Service(const Settings& settings, const ServiceOptions& options)
    : state_(std::make_unique<State>(options, settings)) {
  const bool take_over = settings.accept.take_over;
  if (take_over) {
    check_shared(settings.accept);
  }
  auto& s = *state_;
  // A connection, and what its handler may have open beneath.
  base::reserve_descriptors(2 * s.places.most());
  s.workers = std::make_shared<store::Workers>(settings.handle.quick_workers());
  s.report_workers = settings.handle.parts_workers()
                         ? std::make_shared<store::Workers>(settings.handle.report_workers())
                         : s.workers;
  // One answer at a time, for which nobody waits: there is no queue.
  s.compressors =
      std::make_shared<store::Workers>(store::WorkerLimits{.threads = 1, .queue_limit = 0});
  const int count = options.threads > 0 ? options.threads : usable_processors();
  const stops::Backend backend{// The fragile way reads on the I/O threads.
                               .store = std::make_shared<store::Store>(
                                   options.rows, static_cast<int>(settings.handle.workers) + count),
                               .workers = s.workers,
                               .report_workers = s.report_workers,
                               .compressors = s.compressors,
                               .dependencies = options.dependencies};
  for (int i = 0; i < count; ++i) {
    s.threads.push_back(std::make_unique<IoThread>(settings, backend, options.token, options.faults,
                                                   s.fault_clock, s.log, s.places, s.budget,
                                                   s.limiter, s.tls ? &*s.tls : nullptr));
  }
  if (!options.hold_faults) {
    (void)s.fault_clock.begin();
  }
  if (const auto most = settings.accept.somaxconn; !stops::raise_somaxconn(most)) {
    s.log.error("net.core.somaxconn can't be raised to " + std::to_string(most) +
                ", as accept.somaxconn asks");
  }
  if (take_over && !stops::migrates_to_others()) {
    s.log.error(stops::migrate_to_others()
                    ? "net.ipv4.tcp_migrate_req was off and is on now: what the other service "
                      "leaves in its queue comes here"
                    : "net.ipv4.tcp_migrate_req is off and can't be set: when the other service "
                      "ends, some new connections wait for a second");
  }
  s.listen(settings, {options.address, options.port});
  const auto backlog = settings.accept.backlog;
  if (const auto granted = stops::backlog_granted(backlog); granted < backlog) {
    s.log.error("accept.backlog is " + std::to_string(backlog) + ", and the kernel makes it " +
                std::to_string(granted) + ": net.core.somaxconn is lower");
  }
  auto failed = options.on_failure;
  if (!failed) {
    failed = [&log = s.log](const std::string& sentence) { end_process(log, sentence); };
  }
  s.admin = std::make_unique<Admin>(options.admin_port, port(), s.metrics(), s.fault_clock, failed);
  for (auto& t : s.threads) {
    t->start(t == s.threads.front(),
             [failed](const std::string& why) { failed("an I/O thread can't go on: " + why); });
  }
}

Service::~Service() { stop(); }

std::uint16_t Service::port() const { return state_->threads.front()->port(); }
std::uint16_t Service::admin_port() const { return state_->admin->port(); }
std::string Service::stops_json() const { return report_json(state_->metrics()); }
std::string Service::metrics_text() const {
  return report_prometheus(state_->metrics()) + report_listener(port());
}

void Service::say_unready() {
  for (auto& t : state_->threads) {
    t->say_unready();
  }
}

void Service::leave() {
  const bool heir = state_->has_heir();
  for (auto& t : state_->threads) {
    t->leave(heir);
  }
}

bool Service::left() const {
  return std::ranges::all_of(state_->threads, [](const auto& t) { return t->left(); });
}

void Service::stop() {
  state_->admin->stop();
  for (auto& t : state_->threads) {
    t->cancel();
  }
  for (auto& t : state_->threads) {
    t->join();
  }
  state_->workers->join();
  state_->report_workers->join();
  state_->compressors->join();
  for (auto& t : state_->threads) {
    t->close();
  }
}

bool Service::drain_log() { return state_->log.drain(); }

void Service::reopen_log() { state_->log.reopen(); }

}  // namespace sevenstops::service
