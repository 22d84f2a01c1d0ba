#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "load/plan.hpp"
#include "load/recorder.hpp"

namespace sevenstops {

/// Where a load goes: a numeric IPv4 or IPv6 address, and the Host that the requests name.
struct Target {
  std::uint16_t port = 0;
  std::string address = "127.0.0.1";
  std::string host = "sevenstops.test";
};

/// A load on its way, in threads of its own.
class LoadRun {
 public:
  /// Starts at once. Throws std::invalid_argument for a plan or an address that makes no sense and
  /// std::runtime_error in one sentence when nothing answers there within the plan's connect
  /// timeout.
  LoadRun(const Plan& plan, const Target& target);
  /// Ends what is still under way.
  ~LoadRun();
  LoadRun(const LoadRun&) = delete;
  LoadRun& operator=(const LoadRun&) = delete;

  /// Waits, for `patience` at most, until all clients have come to their end; whether they have.
  [[nodiscard]] bool wait_for(std::chrono::milliseconds patience);
  /// Ends all clients now; what they had not finished is not in the result.
  void cancel();
  /// Waits for the end and gives what all threads recorded.
  [[nodiscard]] LoadResult result();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Sends the plan's load and waits for its end.
[[nodiscard]] LoadResult run_load(const Plan& plan, const Target& target);

}  // namespace sevenstops
