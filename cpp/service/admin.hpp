#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "faults/clock.hpp"
#include "service/report.hpp"

namespace sevenstops::service {

/// The admin listener: /metrics (Prometheus text) and /stops (JSON) on a loopback port and a
/// thread of its own, so that it answers while the service is in trouble. POST /faults/begin starts
/// the clock of the faults: 204, or 409 when it ran already.
class Admin {
 public:
  /// Throws std::runtime_error in one sentence when the port is taken. `failed` is told why it
  /// can't go on; `clock` has to outlive it. `service_port` is the service's own listener's.
  Admin(std::uint16_t port, std::uint16_t service_port, Threads threads, faults::FaultClock& clock,
        std::function<void(const std::string&)> failed);
  ~Admin();
  Admin(const Admin&) = delete;
  Admin& operator=(const Admin&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  /// Safe to call twice.
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sevenstops::service
