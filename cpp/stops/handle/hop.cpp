#include "stops/handle/hop.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <cmath>

#include "http/deadline.hpp"
#include "stops/handle/watch.hpp"

namespace sevenstops {

namespace beast = boost::beast;
namespace http = beast::http;

namespace {

constexpr auto awaitable_tuple = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t answer_limit = 65536;
// Some twice the way to a replica and back within a machine (Dean and Barroso, *The Tail at Scale*,
// 2013): replicas that are idle don't both begin.
constexpr std::chrono::milliseconds tied_delay{1};
constexpr unsigned bad_request = 400;
constexpr unsigned server_error = 500;
constexpr unsigned bad_gateway = 502;
constexpr unsigned unavailable = 503;
constexpr unsigned gateway_timeout = 504;

std::string request_head(const Hop::Context& context, std::chrono::milliseconds left, bool tied) {
  std::string head = "GET /page HTTP/1.1\r\nHost: 127.0.0.1";
  head.append("\r\ntraceparent: ").append(child_traceparent(context.trace));
  if (tied) {
    head.append("\r\n").append(tied_header).append(": 1");
  }
  if (!context.trace.state.empty()) {
    head.append("\r\ntracestate: ").append(context.trace.state);
  }
  if (context.deadline) {
    head.append("\r\n").append(deadline_header).append(": ").append(std::to_string(left.count()));
  }
  return head.append("\r\n\r\n");
}

}  // namespace

Hop::Hop(const HandleSettings& settings, const std::vector<Dependency>& dependencies,
         Metrics& metrics)
    : settings_(settings),
      metrics_(metrics),
      pool_(settings, metrics),
      random_(std::random_device{}()) {
  for (const auto& dependency : dependencies) {
    known_.push_back({.dependency = dependency,
                      .latency = {},
                      .hedges = ExtraBudget(settings.hedge_budget),
                      .retries = ExtraBudget(settings.retry_budget),
                      .breaker = Breaker(settings.breaker_share, seconds(settings.breaker_pause),
                                         metrics.breakers_open, metrics.breakers_opened)});
  }
}

bool Hop::knows(std::string_view name) const {
  return std::ranges::any_of(known_, [&](const Known& k) { return k.dependency.name == name; });
}

void Hop::Ask::begins(const Attempt& attempt) {
  if (begun) {
    return;
  }
  begun = true;
  for (const auto& other : attempts) {
    if (other.get() != &attempt) {
      other->cancel();
    }
  }
}

asio::awaitable<unsigned> Hop::exchange(const Known& known, std::uint16_t port, Ask& ask,
                                        Attempt& attempt, const Context& context) {
  while (true) {
    auto leased = co_await pool_.take(port, attempt, context.limit);
    if (!leased) {
      co_return Clock::now() >= context.limit ? gateway_timeout : bad_gateway;
    }
    std::chrono::milliseconds left{0};
    if (context.deadline) {
      left = std::chrono::floor<std::chrono::milliseconds>(
          std::min(*context.deadline, context.limit) - Clock::now());
      if (left.count() <= 0) {
        pool_.give(port, std::move(leased->socket), true);
        co_return gateway_timeout;
      }
    }
    const auto head = request_head(context, left, settings_.tied);
    attempt.uses(&leased->socket);
    auto [error, sent] =
        co_await asio::async_write(leased->socket, asio::buffer(head), awaitable_tuple);
    beast::flat_buffer buffer(answer_limit);
    http::response<http::string_body> response;
    std::size_t received = 0;
    while (!error) {
      response = {};
      std::size_t part = 0;
      std::tie(error, part) =
          co_await http::async_read(leased->socket, buffer, response, awaitable_tuple);
      received += part;
      if (error || response.result() != http::status::processing) {
        break;
      }
      ask.begins(attempt);
    }
    attempt.uses(nullptr);
    const bool cancelled = attempt.cancelled();
    pool_.give(port, std::move(leased->socket), !error && !cancelled && response.keep_alive());
    if (!error) {
      co_return response.result_int();
    }
    // A kept connection may have been closed as the request left: nobody has seen it, most likely.
    if (!leased->used || received > 0 || cancelled || !known.dependency.idempotent) {
      co_return bad_gateway;
    }
  }
}

void Hop::launch(Known& known, const std::shared_ptr<Ask>& ask, const Context& context,
                 std::size_t replica, const asio::any_io_executor& executor) {
  auto attempt = std::make_shared<Attempt>();
  ask->attempts.push_back(attempt);
  ++ask->running;
  metrics_.dependency_requests.add();
  const auto port = known.dependency.replicas[replica % known.dependency.replicas.size()];
  // The context outlives its attempts: whoever asks waits for the last of them.
  asio::co_spawn(
      executor,
      [](Hop& hop, Known& of, std::shared_ptr<Ask> shared, std::shared_ptr<Attempt> self,
         std::uint16_t to, const Context& with) -> asio::awaitable<void> {
        const auto began = Clock::now();
        const auto status = co_await hop.exchange(of, to, *shared, *self, with);
        of.latency.record(Clock::now() - began, status == ok && !self->cancelled());
        --shared->running;
        if (!self->cancelled() && shared->status != ok) {
          shared->status = status;
          if (status == ok && self != shared->attempts.front()) {
            hop.metrics_.hedges_won.add();
          }
        }
        shared->wake.cancel();
      }(*this, known, ask, attempt, port, context),
      asio::detached);
}

Hop::Hedging Hop::hedging(Known& known) const {
  if (known.dependency.replicas.size() < 2 || !known.dependency.idempotent) {
    return {};
  }
  if (settings_.tied) {
    return {.most = 1, .after = tied_delay};
  }
  if (settings_.hedges == 0) {
    return {};
  }
  if (settings_.hedge_delay > 0) {
    return {.most = settings_.hedges, .after = seconds(settings_.hedge_delay)};
  }
  const auto after =
      known.latency.hedge_after(settings_.hedge_quantile, static_cast<int>(settings_.hedges));
  return after ? Hedging{.most = settings_.hedges, .after = *after} : Hedging{};
}

asio::awaitable<unsigned> Hop::ask_once(Known& known, std::shared_ptr<Ask> ask, Context context) {
  const auto executor = co_await asio::this_coro::executor;
  const auto replica = known.turn++;
  const auto began = Clock::now();
  const auto hedge = hedging(known);
  known.hedges.earn();
  launch(known, ask, context, replica, executor);
  std::int64_t hedged = 0;
  while (!ask->done() && Clock::now() < context.limit) {
    const bool more = hedged < hedge.most && !ask->begun;
    const auto next = more ? began + (hedged + 1) * hedge.after : context.limit;
    ask->wake.expires_at(std::min(next, context.limit));
    co_await ask->wake.async_wait(awaitable_tuple);
    if (ask->done() || ask->begun || !more || Clock::now() < next) {
      continue;
    }
    ++hedged;
    // Of tied requests one is called off before it costs anything but its way.
    if (settings_.tied || known.hedges.spend()) {
      metrics_.hedges.add();
      launch(known, ask, context, replica + static_cast<std::size_t>(hedged), executor);
    } else {
      metrics_.hedges_denied.add();
    }
  }
  const auto status = ask->status == 0 ? gateway_timeout : ask->status;
  for (const auto& attempt : ask->attempts) {
    attempt->cancel();
  }
  while (ask->running > 0) {
    ask->wake.expires_at(Clock::time_point::max());
    co_await ask->wake.async_wait(awaitable_tuple);
  }
  co_return status;
}

// Where they are to differ, so that those who failed together don't come again together: "full
// jitter" (Brooker, *Exponential Backoff and Jitter*, 2015).
Clock::duration Hop::pause_before(std::int64_t repeat) {
  if (!settings_.retry_jitter) {
    return seconds(settings_.retry_pause);
  }
  constexpr std::int64_t most_doublings = 10;
  const auto most =
      std::ldexp(settings_.retry_pause, static_cast<int>(std::min(repeat, most_doublings)));
  return seconds(std::uniform_real_distribution<double>(0, most)(random_));
}

// Who brings next to no time to wait must not be able to open a breaker for everybody.
Breaker::Verdict Hop::verdict(const Known& known, unsigned status, const Ask& ask,
                              Clock::duration given) const {
  constexpr double fair = 0.5;
  if (status == ok) {
    return Breaker::Verdict::ok;
  }
  double usual = settings_.deadline * (waits_less(known) ? settings_.optional_share : 1);
  if (settings_.attempt_timeout > 0) {
    usual = std::min(usual, settings_.attempt_timeout);
  }
  const bool impatient = status == gateway_timeout && given < seconds(fair * usual);
  if (ask.given_up || impatient || (status >= bad_request && status < server_error)) {
    return Breaker::Verdict::unknown;
  }
  return Breaker::Verdict::failed;
}

// How far the asks of one page are.
struct Hop::Progress {
  explicit Progress(const asio::any_io_executor& executor) : done(executor) {
    done.expires_at(Clock::time_point::max());
  }

  std::vector<std::shared_ptr<Ask>> asks;
  std::size_t left = 0;
  bool given_up = false;
  bool client_left = false;
  Answers answers;
  asio::steady_timer done;

  void give_up() {
    given_up = true;
    for (const auto& ask : asks) {
      if (ask) {
        ask->given_up = true;
        ask->wake.cancel();
      }
    }
  }
  void failed(const Dependency& dependency, unsigned status, const HandleSettings& settings) {
    if (dependency.optional && settings.partial) {
      if (std::ranges::find(answers.missing, dependency.name) == answers.missing.end()) {
        answers.missing.push_back(dependency.name);
      }
      return;
    }
    if (answers.status == ok) {
      answers.status = status == gateway_timeout || status == unavailable ? status : bad_gateway;
    }
    if (settings.cancel) {
      give_up();
    }
  }
};

asio::awaitable<unsigned> Hop::ask(Known& known, Progress& progress, std::size_t place,
                                   const Context& context) {
  const auto executor = co_await asio::this_coro::executor;
  known.retries.earn();
  for (std::int64_t repeat = 0;; ++repeat) {
    const auto began = Clock::now();
    const auto leave = known.breaker.leave(began);
    if (!leave) {
      metrics_.asks_stopped.add();
      co_return unavailable;
    }
    auto once = context;
    if (settings_.attempt_timeout > 0) {
      once.limit = std::min(once.limit, began + seconds(settings_.attempt_timeout));
    }
    const auto current = std::make_shared<Ask>(executor);
    progress.asks[place] = current;
    const auto status = co_await ask_once(known, current, once);
    known.breaker.record(*leave, verdict(known, status, *current, once.limit - began),
                         Clock::now());
    if (status == ok || progress.given_up || repeat >= settings_.retries ||
        !known.dependency.idempotent) {
      co_return status;
    }
    const auto pause = pause_before(repeat);
    if (Clock::now() + pause >= context.limit) {
      co_return status;
    }
    if (!known.retries.spend()) {
      metrics_.retries_denied.add();
      co_return status;
    }
    asio::steady_timer timer(executor, pause);
    co_await timer.async_wait(awaitable_tuple);
    if (progress.given_up) {
      co_return status;
    }
    metrics_.retries.add();
  }
}

asio::awaitable<Hop::Answers> Hop::ask_all(tcp::socket& caller, const Context& context,
                                           std::string_view only) {
  const auto executor = co_await asio::this_coro::executor;
  const auto progress = std::make_shared<Progress>(executor);
  // What is optional gets a part of the time that is left.
  auto shorter = context;
  const auto now = Clock::now();
  shorter.limit = now + seconds(settings_.optional_share *
                                std::chrono::duration<double>(context.limit - now).count());
  std::vector<Known*> wanted;
  for (auto& known : known_) {
    if (only.empty() || known.dependency.name == only) {
      wanted.push_back(&known);
      progress->left += static_cast<std::size_t>(known.dependency.leaves);
    }
  }
  progress->asks.resize(progress->left);
  const auto one = [](Hop& hop, Known& known, std::size_t place, const Context& with,
                      std::shared_ptr<Progress> shared) -> asio::awaitable<void> {
    const auto status = co_await hop.ask(known, *shared, place, with);
    if (status != ok && !shared->given_up) {
      shared->failed(known.dependency, status, hop.settings_);
    }
    if (--shared->left == 0) {
      shared->done.cancel();
    }
  };
  std::size_t place = 0;
  for (auto* known : wanted) {
    for (std::int64_t leaf = 0; leaf < known->dependency.leaves; ++leaf) {
      asio::co_spawn(executor,
                     one(*this, *known, place++, waits_less(*known) ? shorter : context, progress),
                     asio::detached);
    }
  }
  std::optional<Watch> watch;
  if (settings_.cancel) {
    watch.emplace(caller, [progress] {
      progress->client_left = true;
      progress->give_up();
    });
  }
  while (progress->left > 0) {
    co_await progress->done.async_wait(awaitable_tuple);
  }
  if (progress->client_left) {
    metrics_.asks_given_up.add();
    progress->answers.status = gateway_timeout;
  } else if (progress->answers.status == ok && !progress->answers.missing.empty()) {
    metrics_.pages_partial.add();
  }
  co_return progress->answers;
}

}  // namespace sevenstops
