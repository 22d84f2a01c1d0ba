#pragma once

#include <boost/asio/ip/address_v4.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/tls.hpp"
#include "faults/fault.hpp"
#include "service/settings.hpp"
#include "upstream/cluster.hpp"

namespace sevenstops::service {

/// What a service needs to know besides its settings.
struct ServiceOptions {
  /// Where it listens; the admin listener stays on 127.0.0.1.
  boost::asio::ip::address_v4 address = boost::asio::ip::address_v4::loopback();
  /// 0 lets the kernel choose.
  std::uint16_t port = 0;
  std::uint16_t admin_port = 0;
  /// I/O threads; 0: one per processor that this process may use.
  int threads = 0;
  /// Orders in the data set.
  std::int64_t rows = 20000;
  /// What protected routes ask for; empty: nobody has it.
  std::string token;
  std::vector<upstream::Dependency> dependencies;
  faults::Faults faults;
  /// Faults that depend on time do nothing before POST /faults/begin comes to the admin listener;
  /// otherwise their clock runs from the start.
  bool hold_faults = false;
  /// Certificate and key, where the service speaks TLS on its port, and nothing else there.
  std::optional<base::TlsFiles> tls;
  /// Where the access log goes; empty: there is none.
  std::string access_log;
  /// Told in one sentence why the service can't go on; by default that is written to stderr and the
  /// process ends with 70 (EX_SOFTWARE of sysexits.h). Called on an I/O thread.
  std::function<void(const std::string&)> on_failure;
};

/// The HTTP service under study. Threads start in the constructor and end in `stop`.
class Service {
 public:
  /// Throws std::runtime_error in one sentence: a taken port, one that can't be shared, no room for
  /// the data set, a log that can't be written, a certificate or a key that can't be used.
  Service(const Settings& settings, const ServiceOptions& options);
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] std::uint16_t admin_port() const;
  /// The counters as the admin listener's /stops and /metrics give them.
  [[nodiscard]] std::string stops_json() const;
  [[nodiscard]] std::string metrics_text() const;
  /// From now on /healthz says 503: whoever sends requests here should choose another.
  void say_unready();
  /// Takes no new connection, and ends each with the request that it has.
  void leave();
  /// Whether it has been left, and nobody is there any more.
  [[nodiscard]] bool left() const;
  /// Ends every connection and thread; safe to call twice.
  void stop();
  /// The access log's file has been moved away: another is opened by its name.
  void reopen_log();
  /// Waits until what was logged is written, seconds at most; false: nobody takes it.
  [[nodiscard]] bool drain_log();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sevenstops::service
