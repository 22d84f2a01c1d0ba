#include "service/service.hpp"

#include <sched.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <thread>

#include "service/admin.hpp"
#include "service/report.hpp"
#include "stops/accept/accept.hpp"
#include "stops/walk.hpp"

namespace sevenstops {
namespace {

constexpr std::chrono::milliseconds sweep_period{25};

// One I/O context with the stops of its own: nothing is shared on the way of a request.
struct IoThread {
  IoThread(const Settings& settings, const Backend& backend, const ServiceOptions& options)
      : stops(settings, backend, options.token, metrics, options.slow_stop) {}

  Metrics metrics;
  Stops stops;
  asio::io_context io{1};
  std::optional<Accept> accept;
  std::thread thread;
};

int usable_processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  return sched_getaffinity(0, sizeof set, &set) == 0 ? std::max(1, CPU_COUNT(&set)) : 1;
}

asio::awaitable<void> sweep(IoThread& t) {
  asio::steady_timer timer(t.io);
  while (true) {
    timer.expires_after(sweep_period);
    co_await timer.async_wait(asio::use_awaitable);
    t.stops.sweep();
  }
}

}  // namespace

struct Service::State {
  std::vector<std::unique_ptr<IoThread>> threads;
  std::shared_ptr<Workers> workers;
  std::unique_ptr<Admin> admin;
  Settings settings;

  [[nodiscard]] std::vector<const Metrics*> metrics() const {
    std::vector<const Metrics*> all;
    for (const auto& t : threads) {
      all.push_back(&t->metrics);
    }
    return all;
  }

  asio::awaitable<void> accept(IoThread& t) {
    std::size_t turn = 0;
    while (true) {
      // Without SO_REUSEPORT one thread takes connections for all.
      auto& owner = settings.accept.reuse_port ? t : *threads[turn++ % threads.size()];
      auto socket = co_await t.accept->next(owner.io);
      t.metrics[Stop::accept].entered.add();
      const auto queued = time_in_queue(socket);
      t.metrics[Stop::accept].seconds.record(queued);
      if (owner.metrics.connections_open.value() >=
          static_cast<std::uint64_t>(settings.accept.max_connections)) {
        t.metrics[Stop::accept].refuse("max_connections");
        shed(std::move(socket));
        continue;
      }
      boost::system::error_code error;
      socket.non_blocking(true, error);
      socket.set_option(tcp::no_delay(true), error);
      if (settings.drain.send_buffer > 0) {
        socket.set_option(
            asio::socket_base::send_buffer_size(static_cast<int>(settings.drain.send_buffer)),
            error);
      }
      asio::co_spawn(owner.io, walk(owner.stops, std::move(socket), queued),
                     [&metrics = owner.metrics](const std::exception_ptr& broken) {
                       // One connection's trouble must not end the thread that serves the others.
                       if (broken) {
                         metrics.walks_broken.add();
                       }
                     });
    }
  }
};

Service::Service(const Settings& settings, const ServiceOptions& options)
    : state_(std::make_unique<State>()) {
  auto& s = *state_;
  s.settings = settings;
  s.workers = std::make_shared<Workers>(settings.handle);
  const int count = options.threads > 0 ? options.threads : usable_processors();
  const Backend backend{// The fragile way reads on the I/O threads.
                        .store = std::make_shared<Store>(
                            options.rows, static_cast<int>(settings.handle.workers) + count),
                        .workers = s.workers,
                        .dependencies = options.dependencies,
                        .model = options.model};
  for (int i = 0; i < count; ++i) {
    s.threads.push_back(std::make_unique<IoThread>(settings, backend, options));
  }
  auto port = options.port;
  for (auto& t : s.threads) {
    if (!t->accept && (settings.accept.reuse_port || t == s.threads.front())) {
      t->accept.emplace(t->io, port, settings.accept, options.stalled);
      port = t->accept->port();
      asio::co_spawn(t->io, s.accept(*t), asio::detached);
    }
    asio::co_spawn(t->io, sweep(*t), asio::detached);
  }
  s.admin = std::make_unique<Admin>(options.admin_port, s.metrics());
  for (auto& t : s.threads) {
    t->thread = std::thread([&io = t->io] { io.run(); });
  }
}

Service::~Service() { stop(); }

std::uint16_t Service::port() const { return state_->threads.front()->accept->port(); }
std::uint16_t Service::admin_port() const { return state_->admin->port(); }
std::string Service::stops_json() const { return report_json(state_->metrics()); }

void Service::stop() {
  state_->admin->stop();
  for (auto& t : state_->threads) {
    t->io.stop();
  }
  for (auto& t : state_->threads) {
    if (t->thread.joinable()) {
      t->thread.join();
    }
  }
  state_->workers->join();
  for (auto& t : state_->threads) {
    t->stops.handle.close();
  }
}

}  // namespace sevenstops
