#pragma once

#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/asio.hpp"
#include "base/semaphore.hpp"
#include "http/refusal.hpp"
#include "stops/accept/admission/limiter.hpp"
#include "stops/accept/metrics.hpp"
#include "stops/match.hpp"

namespace sevenstops::stops {

namespace asio = boost::asio;

/// A bound on the requests in handlers, of one I/O thread. Who comes above it gets 503 at once, or
/// waits for its turn, as the method says.
class Admission {
  struct Gate;

 public:
  Admission(const AdmissionSettings& settings, AcceptMetrics& metrics);
  ~Admission();
  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;

  /// A request's place among those in progress; gives itself back when it is destroyed.
  class Lease {
   public:
    Lease(Lease&& other) noexcept;
    Lease& operator=(Lease&&) = delete;
    ~Lease();

    /// The handler has ended; what the limit is found by is not told of a request that never did.
    void ended(bool failed, Clock::time_point now = Clock::now());

   private:
    friend class Admission;
    Lease(Admission& from, Gate& gate);

    Admission* from_;
    Gate* gate_;
    Clock::time_point begun_ = Clock::now();
    std::optional<base::Semaphore::Permit> permit_;
  };

  /// Whether requests of the route need a lease.
  [[nodiscard]] bool limits(const Route& route) const {
    return settings_.method != AdmissionMethod::none && !route.vital;
  }

  /// A lease; 503 where the route has too many requests in progress, or its turn came too late.
  [[nodiscard]] asio::awaitable<http::Outcome<Lease>> enter(const Route& route);

 private:
  [[nodiscard]] Gate& gate_of(const Route& route);
  [[nodiscard]] asio::awaitable<http::Outcome<Lease>> wait_in(Gate& gate);

  AdmissionSettings settings_;
  AcceptMetrics& metrics_;
  std::unordered_map<const Route*, std::unique_ptr<Gate>> gates_;
};

}  // namespace sevenstops::stops
