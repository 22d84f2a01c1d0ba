#include "stops/stops.hpp"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "stops/routes.hpp"

namespace sevenstops::stops {

Stops::Stops(const Settings& settings, const Backend& backend, const std::string& token,
             const faults::Faults& injected, const faults::FaultClock& clock, Metrics& counters,
             base::Log& written, base::Budget& bytes, std::shared_ptr<RateLimiter> limiter)
    : serialize_settings(settings.serialize),
      faults(injected, clock),
      metrics(counters),
      log(written),
      budget(bytes),
      parse(settings.parse, &metrics.parse),
      admission(settings.accept.admission, metrics.admission),
      middleware(settings.middleware, token, std::move(limiter)),
      router(make_routes(settings.route, middleware)),
      handle(settings.handle, backend, settings.serialize.page_limit, faults, metrics.handle,
             metrics.upstream, metrics.workers),
      drain(settings.drain, metrics.drain, metrics[base::Stop::drain].bytes, budget),
      drain_settings_(settings.drain) {}

void Stops::leave() {
  leaving = true;
  leaving_since_ = Clock::now();
}

void Stops::sweep() {
  const auto now = Clock::now();
  handle.sweep(now);
  const bool last = leaving && now - leaving_since_ >= base::seconds(drain_settings_.idle_grace);
  for (const auto* held : {&silent, &speaking}) {
    for (const auto& each : *held) {
      each.connection->give_up_overdue(now);
      if (leaving) {
        each.connection->leave(last);
      }
    }
  }
  if (const auto count = budget.turned_away(); count != turned_away_) {
    turned_away_ = count;
    relieve(budget.missed());
  } else if (budget.left() < 0) {
    // Where everybody waits already, nobody else asks for it.
    relieve();
  }
}

std::optional<Places::Place> Stops::make_room() {
  // Each is asked of the kernel: not all of them, where all have something to say.
  constexpr std::ptrdiff_t looks = 64;
  const auto end = std::next(silent.begin(), std::min(looks, std::ssize(silent)));
  const auto oldest =
      std::find_if(silent.begin(), end, [](const Held& h) { return !h.connection->has_heard(); });
  if (oldest == end) {
    return std::nullopt;
  }
  auto place = std::exchange(oldest->place, std::nullopt);
  oldest->connection->close();
  oldest->silent = false;
  metrics.accept.silent_closed.add();
  metrics.accept.connections_silent.sub();
  speaking.splice(speaking.end(), silent, oldest);
  return place;
}

bool Stops::relieve(std::int64_t room) {
  // Looking at every connection takes its time: not for each body that finds no room.
  constexpr std::chrono::milliseconds pause{10};
  constexpr std::int64_t worth_it = 4096;
  const auto now = Clock::now();
  if (now - fruitless_ < pause) {
    return false;
  }
  std::vector<std::pair<double, const Held*>> slow;
  for (const auto& each : speaking) {
    const auto rate =
        each.connection->slower_than(parse.settings().body_rate, drain_settings_.read_rate, now);
    if (rate && each.charge != nullptr && each.charge->amount() >= worth_it) {
      slow.emplace_back(*rate, &each);
    }
  }
  std::ranges::sort(slow, {}, &std::pair<double, const Held*>::first);
  auto wanted = std::max(budget.most() / 8, room) - budget.left();
  bool any = false;
  for (const auto& [rate, each] : slow) {
    if (wanted <= 0) {
      break;
    }
    wanted -= each->charge->amount();
    // It lets go in this turn of the loop: who asks meanwhile need not end another one.
    each->charge->set(0);
    each->connection->close();
    metrics.parse.slow_ended.add();
    any = true;
  }
  if (!any) {
    fruitless_ = now;
  }
  return any;
}

}  // namespace sevenstops::stops
