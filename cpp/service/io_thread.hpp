#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "base/task_group.hpp"
#include "base/tls.hpp"
#include "stops/accept/accept.hpp"
#include "stops/stops.hpp"

namespace sevenstops::service {

/// One thread with an I/O context and the stops of its own: nothing is shared on the way of a
/// request. All that runs on it are children of one task group.
class IoThread {
 public:
  /// Told in one sentence why the thread can't go on.
  using Failed = std::function<void(const std::string&)>;

  /// With `tls`, which has to outlive it, connections speak TLS, and nothing else.
  IoThread(const stops::Settings& settings, const stops::Backend& backend, const std::string& token,
           const faults::Faults& injected, const faults::FaultClock& clock, base::Log& log,
           stops::Places& places, base::Budget& budget,
           std::shared_ptr<stops::RateLimiter> limiter = nullptr,
           const base::TlsServer* tls = nullptr);
  ~IoThread();
  IoThread(const IoThread&) = delete;
  IoThread& operator=(const IoThread&) = delete;

  /// Listens and hands what it accepts to each of `owners` in turn; so many threads of this process
  /// listen there already as `before` says. Whether it `joins` who is there: as Accept takes it.
  void listen(const base::tcp::endpoint& endpoint, std::vector<IoThread*> owners, int before,
              bool joins);
  /// Takes connections from the listener of `first` as well; so many threads do already as `before`
  /// says.
  void share(IoThread& first, int before);
  [[nodiscard]] std::uint16_t port() const { return accept_->port(); }

  /// Begins to work. With `keeps_house` it does for the process what one thread has to do: the
  /// log's counters, and memory that nobody uses goes back to the system.
  void start(bool keeps_house, Failed failed);
  /// Says on /healthz that nobody should send requests here; from any thread.
  void say_unready() { stops_.unready = true; }
  /// Takes no connection beyond those that are complete, and ends each with its request; from any
  /// thread. An `heir` is another process that listens on the port.
  void leave(bool heir);
  /// Whether nobody is left, when it was last looked.
  [[nodiscard]] bool left() const { return left_; }
  /// Asks all that runs to end; from any thread.
  void cancel();
  /// Waits for it.
  void join();
  /// Closes what no coroutine holds, after `join`.
  void close() { stops_.handle.close(); }

  [[nodiscard]] const stops::Metrics& metrics() const { return metrics_; }

 private:
  [[nodiscard]] base::asio::awaitable<void> run();
  [[nodiscard]] base::asio::awaitable<void> accept();
  [[nodiscard]] base::asio::awaitable<void> sweep();
  void count_log();
  [[nodiscard]] stops::Accept::Stall stall(int acceptor);
  void take(base::tcp::socket socket, base::Clock::duration queued);
  void turn_away(base::tcp::socket socket, base::Clock::duration queued, http::Reason reason);

  const base::TlsServer* tls_;
  stops::Places& places_;
  stops::Settings settings_;
  stops::Metrics metrics_;
  stops::Stops stops_;
  boost::asio::io_context io_{1};
  std::optional<stops::Accept> accept_;
  std::vector<IoThread*> owners_;
  base::TaskGroup* group_ = nullptr;
  bool keeps_house_ = false;
  std::atomic<bool> left_ = false;
  std::thread thread_;
};

}  // namespace sevenstops::service
