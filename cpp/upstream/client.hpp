#pragma once

#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "upstream/http1_transport.hpp"
#include "upstream/pool.hpp"
#include "upstream/request.hpp"

namespace sevenstops::upstream {

/// What became of the requests of one page.
struct Answers {
  /// 200 when every dependency that is needed said so; else 504 for one that was late, 503 for one
  /// whose breaker is open, 502 for one that failed.
  unsigned status = ok;
  /// Optional dependencies that failed.
  std::vector<std::string> missing;
};

/// How one I/O thread sends requests to the services beneath.
class Client {
 public:
  Client(const Settings& settings, const std::vector<Dependency>& dependencies, Metrics& metrics);
  /// The same over a transport of one's own.
  Client(const Settings& settings, const std::vector<Dependency>& dependencies, Metrics& metrics,
         Transport& transport);

  /// Requests every leaf of every dependency at once, or of the one named `only`, and waits for all
  /// of them. With `cancel`, what is under way is given up once one that is needed has failed; so
  /// it is when the caller is cancelled.
  [[nodiscard]] asio::awaitable<Answers> fan_out(Context context, std::string_view only);

  [[nodiscard]] bool has_dependencies() const { return !clusters_.empty(); }
  /// Whether there is a dependency of that name.
  [[nodiscard]] bool knows(std::string_view name) const;

  /// Closes the connections that nobody uses; to be called before their context ends.
  void close() { pool_.close(); }

  /// Closes connections that have been idle for too long.
  void sweep(Clock::time_point now) { pool_.sweep(now); }

 private:
  Pool pool_;
  Http1Transport http1_;
  Shared shared_;
  // A list: requests refer to them.
  std::list<Cluster> clusters_;
};

}  // namespace sevenstops::upstream
