#include "stops/accept/admission/admission.hpp"

#include <algorithm>
#include <stdexcept>

#include "base/task_group.hpp"
#include "stops/accept/admission/gradient.hpp"
#include "stops/accept/admission/vegas.hpp"

namespace sevenstops::stops {
namespace {

std::unique_ptr<Limiter> make_limiter(const AdmissionSettings& settings) {
  switch (settings.method) {
    case AdmissionMethod::aimd:
      return std::make_unique<AimdLimiter>(settings);
    case AdmissionMethod::gradient:
      return std::make_unique<GradientLimiter>(settings);
    case AdmissionMethod::vegas:
      return std::make_unique<VegasLimiter>(settings);
    default:
      return std::make_unique<FixedLimiter>(settings);
  }
}

}  // namespace

// Where the requests of one route go in.
struct Admission::Gate {
  explicit Gate(const AdmissionSettings& settings)
      : limiter(make_limiter(settings)), turns(settings.limit) {}

  std::unique_ptr<Limiter> limiter;
  std::int64_t in_progress = 0;
  // For CoDel: turns at the handler, and when last nobody waited for one.
  base::Semaphore turns;
  Clock::time_point last_empty = Clock::now();
};

Admission::Admission(const AdmissionSettings& settings, AdmissionMetrics& metrics)
    : settings_(settings), metrics_(metrics) {
  if (settings.least > settings.most) {
    throw std::invalid_argument("accept.admission.least is more than accept.admission.most");
  }
}
Admission::~Admission() = default;

Admission::Gate& Admission::gate_of(const Route& route) {
  auto& gate = gates_[&route];
  if (!gate) {
    gate = std::make_unique<Gate>(settings_);
    metrics_.limit.add(static_cast<std::uint64_t>(gate->limiter->limit()));
  }
  return *gate;
}

asio::awaitable<http::Outcome<Admission::Lease>> Admission::enter(const Route& route) {
  auto& gate = gate_of(route);
  if (settings_.method == AdmissionMethod::codel) {
    co_return co_await wait_in(gate);
  }
  if (gate.in_progress >= gate.limiter->limit()) {
    co_return http::Reason::admission;
  }
  co_return Lease(*this, gate);
}

// As Maurer has it, *Fail at Scale* (ACM Queue 13(8), 2015), after CoDel (RFC 8289): a burst may
// wait for `interval`; in a queue that has not been empty for so long one waits for `queue_time`
// only.
asio::awaitable<http::Outcome<Admission::Lease>> Admission::wait_in(Gate& gate) {
  constexpr std::chrono::milliseconds interval{100};
  constexpr std::size_t longest_queue = 10000;
  const auto now = Clock::now();
  if (gate.turns.waiting() == 0) {
    gate.last_empty = now;
  }
  auto permit = gate.turns.try_acquire();
  if (!permit) {
    if (gate.turns.waiting() >= longest_queue) {
      co_return http::Reason::admission;
    }
    const Clock::duration patience = now - gate.last_empty > interval
                                         ? base::seconds(settings_.queue_time)
                                         : Clock::duration(interval);
    auto waited = co_await base::within(now + patience, gate.turns.acquire());
    metrics_.wait.record(Clock::now() - now);
    if (!waited) {
      co_return http::Reason::admission_queue_time;
    }
    permit.emplace(std::move(*waited));
  }
  Lease lease(*this, gate);
  lease.permit_.emplace(std::move(*permit));
  co_return lease;
}

Admission::Lease::Lease(Admission& from, Gate& gate) : from_(&from), gate_(&gate) {
  ++gate.in_progress;
  from.metrics_.in_progress.add();
}

Admission::Lease::Lease(Lease&& other) noexcept
    : from_(other.from_),
      gate_(std::exchange(other.gate_, nullptr)),
      begun_(other.begun_),
      permit_(std::move(other.permit_)) {}

Admission::Lease::~Lease() {
  if (gate_ != nullptr) {
    --gate_->in_progress;
    from_->metrics_.in_progress.sub();
  }
}

void Admission::Lease::ended(bool failed, Clock::time_point now) {
  const auto before = gate_->limiter->limit();
  gate_->limiter->observe(
      {.begun = begun_, .ended = now, .in_progress = gate_->in_progress, .failed = failed});
  const auto change = gate_->limiter->limit() - before;
  from_->metrics_.limit.add(static_cast<std::uint64_t>(change));
}

}  // namespace sevenstops::stops
