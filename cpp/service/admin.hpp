#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "service/report.hpp"

namespace sevenstops::service {

/// The admin listener: /metrics (Prometheus text) and /stops (JSON) on a loopback port and a
/// thread of its own, so that it answers while the service is in trouble.
class Admin {
 public:
  /// Throws std::runtime_error in one sentence when the port is taken. `failed` is told why it
  /// can't go on.
  Admin(std::uint16_t port, Threads threads, std::function<void(const std::string&)> failed);
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
