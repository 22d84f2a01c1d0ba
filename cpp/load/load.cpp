#include "load/load.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <memory>
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

void require_listener(const tcp::endpoint& endpoint) {
  asio::io_context io;
  tcp::socket socket(io);
  boost::system::error_code error;
  socket.connect(endpoint, error);
  if (error) {
    throw std::runtime_error("nothing answers on 127.0.0.1:" + std::to_string(endpoint.port()) +
                             ": " + error.message());
  }
}

void run_thread(LoadThread& thread, std::int64_t index) {
  asio::io_context io(1);
  const auto& plan = thread.plan;
  for (auto i = index; i < plan.connections; i += plan.threads) {
    asio::co_spawn(io, counted(thread, honest_client(thread)), asio::detached);
  }
  for (std::size_t c = 0; c < plan.crowds.size(); ++c) {
    const auto& crowd = plan.crowds[c];
    for (auto i = index; i < crowd.count; i += plan.threads) {
      auto client = crowd_client(crowd.kind)(thread, crowd, thread.result.crowds[c]);
      asio::co_spawn(io, counted(thread, std::move(client)), asio::detached);
    }
  }
  asio::co_spawn(io, sweep(thread), asio::detached);
  io.run();
}

}  // namespace

LoadResult run_load(const Plan& plan, std::uint16_t port) {
  plan.check();
  const tcp::endpoint endpoint(asio::ip::address_v4::loopback(), port);
  require_listener(endpoint);
  const auto start = Clock::now();
  std::vector<std::unique_ptr<LoadThread>> threads;
  std::vector<std::thread> running;
  for (std::int64_t i = 0; i < plan.threads; ++i) {
    threads.push_back(std::make_unique<LoadThread>(plan, i, endpoint, start));
  }
  for (std::int64_t i = 0; i < plan.threads; ++i) {
    running.emplace_back(run_thread, std::ref(*threads[static_cast<std::size_t>(i)]), i);
  }
  for (auto& thread : running) {
    thread.join();
  }
  LoadResult result;
  result.fingerprint = plan.fingerprint();
  result.duration = std::chrono::duration<double>(Clock::now() - start).count();
  for (const auto& thread : threads) {
    result.merge(thread->result);
  }
  for (const auto& [name, record] : result.by_name) {
    result.all.merge(record);
  }
  return result;
}

}  // namespace sevenstops
