#include "load/load.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "load/client.hpp"

namespace sevenstops {
namespace {

constexpr std::chrono::milliseconds sweep_period{5};

using CrowdClient = asio::awaitable<void> (*)(LoadThread&, const Crowd&, CrowdRecord&);

CrowdClient crowd_client(std::string_view kind) {
  if (kind == "endless_header") {
    return endless_header;
  }
  return kind == "endless_body" ? endless_body : slow_reader;
}

asio::awaitable<void> counted(LoadThread& thread, asio::awaitable<void> client) {
  ++thread.clients_left;
  co_await std::move(client);
  --thread.clients_left;
}

asio::awaitable<void> sweep(LoadThread& thread) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  while (thread.clients_left > 0) {
    timer.expires_after(sweep_period);
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    thread.sweep();
  }
}

tcp::endpoint endpoint_of(const Target& target) {
  boost::system::error_code error;
  const auto address = asio::ip::make_address(target.address, error);
  if (error) {
    throw std::invalid_argument("'" + target.address + "' is not an IP address");
  }
  return {address, target.port};
}

// A load against nothing would be a histogram of refusals; one connection tells beforehand.
void require_listener(const tcp::endpoint& endpoint, std::chrono::duration<double> patience) {
  asio::io_context io;
  tcp::socket socket(io);
  boost::system::error_code result = asio::error::timed_out;
  socket.async_connect(endpoint, [&](boost::system::error_code error) { result = error; });
  io.run_for(std::chrono::duration_cast<std::chrono::milliseconds>(patience));
  if (result) {
    std::ostringstream sentence;
    sentence << "nothing answers on " << endpoint << ": " << result.message();
    throw std::runtime_error(sentence.str());
  }
}

}  // namespace

struct LoadRun::State {
  // One thread's clients; its context goes before what the clients refer to.
  struct Worker {
    Worker(const State& state, std::int64_t index)
        : load(state.plan, index, state.endpoint, state.host, state.start) {}
    LoadThread load;
    asio::io_context io{1};
    std::thread thread;
  };

  Plan plan;
  tcp::endpoint endpoint;
  std::string host;
  Clock::time_point start;
  Clock::time_point end;
  std::vector<std::unique_ptr<Worker>> workers;
  std::mutex mutex;
  std::condition_variable ended;
  std::size_t running = 0;

  void populate(Worker& worker, std::int64_t index) {
    auto& load = worker.load;
    for (auto i = index; i < plan.connections; i += plan.threads) {
      asio::co_spawn(worker.io, counted(load, honest_client(load)), asio::detached);
    }
    for (std::size_t c = 0; c < plan.crowds.size(); ++c) {
      const auto& crowd = plan.crowds[c];
      for (auto i = index; i < crowd.count; i += plan.threads) {
        auto client = crowd_client(crowd.kind)(load, crowd, load.result.crowds[c]);
        asio::co_spawn(worker.io, counted(load, std::move(client)), asio::detached);
      }
    }
    asio::co_spawn(worker.io, sweep(load), asio::detached);
  }

  void run(Worker& worker) {
    worker.io.run();
    const std::scoped_lock lock(mutex);
    end = Clock::now();
    if (--running == 0) {
      ended.notify_all();
    }
  }
};

LoadRun::LoadRun(const Plan& plan, const Target& target) : state_(std::make_unique<State>()) {
  plan.check();
  auto& s = *state_;
  s.plan = plan;
  s.endpoint = endpoint_of(target);
  s.host = target.host;
  require_listener(s.endpoint, std::chrono::duration<double>(plan.connect_timeout));
  s.start = Clock::now();
  for (std::int64_t i = 0; i < plan.threads; ++i) {
    s.populate(*s.workers.emplace_back(std::make_unique<State::Worker>(s, i)), i);
  }
  s.running = s.workers.size();
  for (auto& worker : s.workers) {
    worker->thread = std::thread([&s, &w = *worker] { s.run(w); });
  }
}

LoadRun::~LoadRun() {
  cancel();
  for (auto& worker : state_->workers) {
    if (worker->thread.joinable()) {
      worker->thread.join();
    }
  }
}

bool LoadRun::wait_for(std::chrono::milliseconds patience) {
  std::unique_lock lock(state_->mutex);
  return state_->ended.wait_for(lock, patience, [this] { return state_->running == 0; });
}

void LoadRun::cancel() {
  for (auto& worker : state_->workers) {
    worker->io.stop();
  }
}

LoadResult LoadRun::result() {
  LoadResult result;
  for (auto& worker : state_->workers) {
    if (worker->thread.joinable()) {
      worker->thread.join();
    }
    result.merge(worker->load.result);
  }
  result.fingerprint = state_->plan.fingerprint();
  result.duration = std::chrono::duration<double>(state_->end - state_->start).count();
  for (const auto& [name, record] : result.by_name) {
    result.all.merge(record);
  }
  return result;
}

LoadResult run_load(const Plan& plan, const Target& target) {
  return LoadRun(plan, target).result();
}

}  // namespace sevenstops
