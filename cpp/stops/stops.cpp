#include "stops/stops.hpp"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "base/task_group.hpp"
#include "stops/openapi.hpp"
#include "stops/routes.hpp"

namespace sevenstops::stops {

Stops::Stops(const Settings& settings, const Backend& backend, const std::string& token,
             const faults::Faults& injected, const faults::FaultClock& clock, Metrics& counters,
             base::Log& written, base::Budget& bytes, std::shared_ptr<RateLimiter> limiter)
    : tls_timeout(base::seconds(settings.accept.tls_timeout)),
      serialize_settings(settings.serialize),
      faults(injected, clock),
      metrics(counters),
      log(written),
      budget(bytes),
      parse(settings.parse, &metrics.parse),
      admission(settings.accept.admission, metrics.admission),
      middleware(settings.middleware, token, std::move(limiter)),
      router(make_routes(settings.route, middleware)),
      handle(settings.handle, backend, settings.serialize.page_limit, faults, metrics.handle,
             metrics.upstream, metrics.workers, openapi(router)),
      representation(settings.serialize, backend.compressors, metrics.serialize, metrics.workers),
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
  for (const auto* held : {&strangers, &silent, &speaking}) {
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

std::list<Stops::Held>::iterator Stops::hold(Transport& connection,
                                             std::optional<Places::Place> place,
                                             base::Charge* charge) {
  return speaking.insert(
      speaking.end(),
      {.connection = &connection, .place = std::move(place), .charge = charge, .on = &speaking});
}

void Stops::fell_silent(std::list<Held>::iterator held) {
  auto& to = held->known ? silent : strangers;
  to.splice(to.end(), *held->on, held);
  held->on = &to;
  metrics.accept.connections_silent.add();
}

void Stops::spoke(std::list<Held>::iterator held) {
  if (held->on != &speaking) {
    metrics.accept.connections_silent.sub();
  }
  held->known = true;
  speaking.splice(speaking.end(), *held->on, held);
  held->on = &speaking;
}

void Stops::forget(std::list<Held>::iterator held) {
  if (held->on != &speaking) {
    metrics.accept.connections_silent.sub();
  }
  held->on->erase(held);
}

std::optional<Places::Place> Stops::make_room() {
  // Each is asked of the kernel: not all of them, where all have something to say.
  constexpr std::ptrdiff_t looks = 64;
  for (auto* list : {&strangers, &silent}) {
    const auto end = std::next(list->begin(), std::min(looks, std::ssize(*list)));
    const auto oldest =
        std::find_if(list->begin(), end, [](const Held& h) { return !h.connection->has_heard(); });
    if (oldest == end) {
      continue;
    }
    auto place = std::exchange(oldest->place, std::nullopt);
    oldest->connection->close();
    metrics.accept.silent_closed.add();
    spoke(oldest);
    return place;
  }
  return std::nullopt;
}

bool Stops::relieve(std::int64_t room) {
  // Looking at every connection takes its time: not for each body that finds no room.
  constexpr std::chrono::milliseconds pause{10};
  // Half of what each might hold, where so many are there that little is much.
  const auto share = budget.most() / (2 * std::max<std::int64_t>(1, std::ssize(speaking)));
  const auto worth_it = std::min<std::int64_t>(4096, share);
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

void Stops::broke_off(std::string_view what, const std::exception& error) {
  if (base::is_cancellation(error)) {
    // A walk that saw it itself has not been cancelled by its group.
    if (stopping) {
      return;
    }
    throw;
  }
  metrics.accept.walks_broken.add();
  log.error(std::string(what) + " ended by an exception: " + error.what());
}

bool Stops::has_room(std::uint64_t bytes) {
  const auto room = static_cast<std::int64_t>(bytes);
  const auto fits = [&] { return budget.left() >= room; };
  return fits() || (relieve(room) && fits());
}

}  // namespace sevenstops::stops
