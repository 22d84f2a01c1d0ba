#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace sevenstops {

enum class Arrivals { closed, constant, poisson, burst };

/// One kind of request in the mix.
struct RequestSpec {
  std::string name = "request";
  std::string method = "GET";
  std::string target = "/healthz";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  double weight = 1;
  /// What the answer's first 64 KiB have to hold; empty: anything will do.
  std::string expect;
};

/// Clients that misbehave beside the mix.
struct Crowd {
  /// endless_header, endless_body or slow_reader.
  std::string kind;
  std::string target = "/healthz";
  std::int64_t count = 1;
  /// Bytes each sends at most.
  std::int64_t bytes = 0;
  /// Bytes a second each reads.
  double rate = 0;
};

/// A seeded, complete description of a load. Times in seconds.
struct Plan {
  std::uint64_t seed = 7;
  Arrivals arrivals = Arrivals::closed;
  /// Requests a second, for constant and poisson.
  double rate = 0;
  /// Requests that come at once every `burst_period`.
  std::int64_t burst_size = 0;
  double burst_period = 1;
  double duration = 1;
  std::int64_t connections = 1;
  std::int64_t threads = 1;
  bool keep_alive = true;
  double connect_timeout = 5;
  double read_timeout = 10;
  std::vector<RequestSpec> requests{RequestSpec{}};
  std::vector<Crowd> crowds;

  /// Throws std::invalid_argument naming the field that makes no sense.
  void check() const;
  /// The canonical form: JSON with every field in a fixed order.
  [[nodiscard]] std::string canonical() const;
  /// "sha256:" and the digest of the canonical form, threads left out: they don't change the load.
  [[nodiscard]] std::string fingerprint() const;
};

}  // namespace sevenstops
