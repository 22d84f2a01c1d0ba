#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "faults/dependency_model.hpp"
#include "faults/slow_stop.hpp"
#include "faults/stalled_acceptor.hpp"
#include "service/settings.hpp"
#include "stops/handle/hop.hpp"
#include "stops/metrics.hpp"

namespace sevenstops {

/// What a service needs to know besides its settings.
struct ServiceOptions {
  /// Ports on 127.0.0.1; 0 lets the kernel choose.
  std::uint16_t port = 0;
  std::uint16_t admin_port = 0;
  /// I/O threads; 0: one per processor that this process may use.
  int threads = 0;
  /// Orders in the data set.
  std::int64_t rows = 20000;
  std::string token = "let-me-in";
  std::vector<Dependency> dependencies;
  DependencyModel model;
  StalledAcceptor stalled;
  SlowStop slow_stop;
};

/// The HTTP service under study. Threads start in the constructor and end in `stop`.
class Service {
 public:
  /// Throws std::runtime_error in one sentence: a taken port, no room for the data set.
  Service(const Settings& settings, const ServiceOptions& options);
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] std::uint16_t admin_port() const;
  /// The counters as the admin listener's /stops gives them.
  [[nodiscard]] std::string stops_json() const;
  /// Ends every connection and thread; safe to call twice.
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sevenstops
