#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "stops/metrics.hpp"

namespace sevenstops {

/// The admin listener: /metrics (Prometheus text) and /stops (JSON) on a loopback port and a
/// thread of its own, so that it answers while the service is in trouble.
class Admin {
 public:
  /// Throws std::runtime_error in one sentence when the port is taken.
  Admin(std::uint16_t port, std::vector<const Metrics*> metrics);
  ~Admin();
  Admin(const Admin&) = delete;
  Admin& operator=(const Admin&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sevenstops
