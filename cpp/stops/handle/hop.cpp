#include "stops/handle/hop.hpp"

#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "stops/handle/deadline.hpp"

namespace sevenstops {

namespace beast = boost::beast;
namespace http = beast::http;

namespace {

constexpr auto awaitable_tuple = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t answer_limit = 65536;
constexpr std::chrono::milliseconds retry_pause{10};
constexpr unsigned ok = 200;
constexpr unsigned bad_gateway = 502;
constexpr unsigned gateway_timeout = 504;

std::string request_head(const std::string& name, const Hop::Context& context,
                         std::chrono::milliseconds left) {
  std::string head = "GET /page HTTP/1.1\r\nHost: ";
  head.append(name).append("\r\ntraceparent: ").append(child_traceparent(context.trace));
  if (!context.trace.state.empty()) {
    head.append("\r\ntracestate: ").append(context.trace.state);
  }
  if (context.deadline) {
    head.append("\r\n").append(deadline_header).append(": ").append(std::to_string(left.count()));
  }
  return head.append("\r\n\r\n");
}

}  // namespace

bool has_left(tcp::socket& socket) {
  char byte = 0;
  return ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

Watch::Watch(tcp::socket& socket, std::function<void()> left)
    : socket_(socket), state_(std::make_shared<State>(State{std::move(left)})) {
  socket_.async_wait(tcp::socket::wait_read,
                     [this, state = state_](boost::system::error_code error) {
                       // Bytes that came are the next request: it is read when this one is done.
                       if (!error && state->left && has_left(socket_)) {
                         state->left();
                       }
                     });
}

Watch::~Watch() {
  state_->left = nullptr;
  boost::system::error_code error;
  socket_.cancel(error);
}

Hop::Hop(const HandleSettings& settings, const std::vector<Dependency>& dependencies,
         Metrics& metrics)
    : settings_(settings), metrics_(metrics), pool_(settings, metrics) {
  for (const auto& dependency : dependencies) {
    known_.push_back({dependency, {}, ExtraBudget(settings.hedge_budget)});
  }
}

asio::awaitable<unsigned> Hop::exchange(std::uint16_t port, Attempt& attempt,
                                        const Context& context) {
  while (true) {
    auto leased = co_await pool_.take(port, attempt, context.limit);
    if (!leased) {
      co_return Clock::now() >= context.limit ? gateway_timeout : bad_gateway;
    }
    std::chrono::milliseconds left{0};
    if (context.deadline) {
      left = std::chrono::floor<std::chrono::milliseconds>(*context.deadline - Clock::now());
      if (left.count() <= 0) {
        pool_.give(port, std::move(leased->socket), true);
        co_return gateway_timeout;
      }
    }
    const auto head = request_head("127.0.0.1", context, left);
    attempt.uses(&leased->socket);
    auto [error, sent] =
        co_await asio::async_write(leased->socket, asio::buffer(head), awaitable_tuple);
    beast::flat_buffer buffer(answer_limit);
    http::response<http::string_body> response;
    std::size_t received = 0;
    if (!error) {
      std::tie(error, received) =
          co_await http::async_read(leased->socket, buffer, response, awaitable_tuple);
    }
    attempt.uses(nullptr);
    const bool cancelled = attempt.cancelled();
    pool_.give(port, std::move(leased->socket), !error && !cancelled && response.keep_alive());
    if (!error) {
      co_return response.result_int();
    }
    // A kept connection may have been closed as the request left: nobody has seen it (RFC 9110,
    // 9.2.2 allows to repeat what is idempotent).
    if (!leased->used || received > 0 || cancelled) {
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
        const auto status = co_await hop.exchange(to, *self, with);
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

asio::awaitable<unsigned> Hop::ask(Known& known, std::shared_ptr<Ask> ask, const Context& context) {
  const auto executor = co_await asio::this_coro::executor;
  const auto replica = known.turn++;
  const auto began = Clock::now();
  const auto hedges = known.dependency.replicas.size() > 1 ? settings_.hedges : 0;
  const auto after =
      hedges > 0 ? known.latency.hedge_after(settings_.hedge_quantile, static_cast<int>(hedges))
                 : std::nullopt;
  known.budget.earn();
  launch(known, ask, context, replica, executor);
  std::int64_t hedged = 0;
  const auto done = [&] {
    return ask->given_up || ask->status == ok || (ask->running == 0 && ask->status != 0);
  };
  while (!done() && Clock::now() < context.limit) {
    const bool more = after && hedged < hedges;
    const auto next = more ? began + (hedged + 1) * *after : context.limit;
    ask->wake.expires_at(std::min(next, context.limit));
    co_await ask->wake.async_wait(awaitable_tuple);
    if (done() || !more || Clock::now() < next) {
      continue;
    }
    ++hedged;
    if (known.budget.spend()) {
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

asio::awaitable<bool> Hop::ask_all(tcp::socket& caller, const Context& context) {
  struct Progress {
    Progress(const asio::any_io_executor& executor) : done(executor) {
      done.expires_at(Clock::time_point::max());
    }
    std::vector<std::shared_ptr<Ask>> asks;
    std::size_t left = 0;
    bool all_ok = true;
    bool given_up = false;
    asio::steady_timer done;
  };
  const auto executor = co_await asio::this_coro::executor;
  const auto progress = std::make_shared<Progress>(executor);
  const auto one = [](Hop& hop, Known& known, std::size_t place, const Context& with,
                      std::shared_ptr<Progress> shared) -> asio::awaitable<void> {
    unsigned status = 0;
    while (true) {
      const auto current = std::make_shared<Ask>(co_await asio::this_coro::executor);
      shared->asks[place] = current;
      status = co_await hop.ask(known, current, with);
      if (status == ok || with.deadline || shared->given_up ||
          Clock::now() + retry_pause >= with.limit) {
        break;
      }
      asio::steady_timer pause(co_await asio::this_coro::executor, retry_pause);
      co_await pause.async_wait(awaitable_tuple);
    }
    shared->all_ok = shared->all_ok && status == ok;
    if (--shared->left == 0) {
      shared->done.cancel();
    }
  };
  for (const auto& known : known_) {
    progress->left += static_cast<std::size_t>(known.dependency.leaves);
  }
  progress->asks.resize(progress->left);
  std::size_t place = 0;
  for (auto& known : known_) {
    for (std::int64_t leaf = 0; leaf < known.dependency.leaves; ++leaf) {
      asio::co_spawn(executor, one(*this, known, place++, context, progress), asio::detached);
    }
  }
  std::optional<Watch> watch;
  if (settings_.cancel) {
    watch.emplace(caller, [progress] {
      progress->given_up = true;
      for (const auto& ask : progress->asks) {
        if (ask) {
          ask->given_up = true;
          ask->wake.cancel();
        }
      }
    });
  }
  while (progress->left > 0) {
    co_await progress->done.async_wait(awaitable_tuple);
  }
  if (progress->given_up) {
    metrics_.asks_given_up.add();
  }
  co_return progress->all_ok;
}

}  // namespace sevenstops
