#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "load/engine/tls.hpp"
#include "load/plan/plan.hpp"
#include "load/record/result.hpp"

namespace sevenstops::load {

/// Where a load goes: a numeric IPv4 or IPv6 address, and the Host that the requests name.
struct Target {
  std::uint16_t port = 0;
  std::string address = "127.0.0.1";
  std::string host = "sevenstops.test";
  TlsOptions tls = {};
};

/// A load on its way, in threads of its own.
class LoadRun {
 public:
  /// Starts at once, on the engine "epoll", "io_uring" or "auto". Before a request is sent, throws
  /// std::invalid_argument for a plan or an address that makes no sense, and for one that is
  /// neither loopback nor allowed by the plan; std::runtime_error in one sentence when nothing
  /// answers there within the plan's connect timeout, its certificate is not trusted, the engine is
  /// not to be had, or descriptors are too few.
  LoadRun(const Plan& plan, const Target& target, const std::string& engine = "auto");
  /// Ends what is still under way.
  ~LoadRun();
  LoadRun(const LoadRun&) = delete;
  LoadRun& operator=(const LoadRun&) = delete;

  /// Waits, for `patience` at most, until all clients have come to their end; whether they have.
  [[nodiscard]] bool wait_for(std::chrono::milliseconds patience);
  /// Ends all clients now; what they had under way is lost.
  void cancel();
  /// What has been counted so far, for each 100 ms.
  [[nodiscard]] std::vector<IntervalSum> series() const;
  /// Seconds since the start.
  [[nodiscard]] double elapsed() const;
  /// Waits for the end and gives what all threads recorded.
  [[nodiscard]] LoadResult result();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Sends the plan's load and waits for its end.
[[nodiscard]] LoadResult run_load(const Plan& plan, const Target& target,
                                  const std::string& engine = "auto");

}  // namespace sevenstops::load
