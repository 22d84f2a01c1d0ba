#include "stops/handle/handle.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>

namespace sevenstops {
namespace {

constexpr std::int64_t export_lot = 500;
constexpr std::chrono::milliseconds retry_pause{10};

class ExportRows : public RowSource {
 public:
  explicit ExportRows(Backend backend) : backend_(std::move(backend)) {}

  asio::awaitable<Outcome<std::vector<Order>>> next() override {
    auto lot = co_await backend_.workers->run(
        [this] { return backend_.store->orders(cursor_, export_lot); });
    if (lot && !lot->empty()) {
      cursor_ = lot->back().id;
    }
    co_return lot;
  }

 private:
  Backend backend_;
  std::int64_t cursor_ = 0;
};

// A whole number from the query; nothing when the name is missing, -1 when it isn't a number.
std::optional<std::int64_t> query_number(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const auto pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos || pair.substr(0, equals) != name) {
      continue;
    }
    const auto text = pair.substr(equals + 1);
    std::int64_t value = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && stop == text.data() + text.size() ? value : -1;
  }
  return std::nullopt;
}

bool caller_left(tcp::socket& socket) {
  char byte = 0;
  return ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

Result user(std::string_view id, std::string_view handler) {
  std::string json = R"({"handler":")";
  json.append(handler).append(R"(","id":")").append(id).append(R"("})");
  return Text{std::move(json), "application/json"};
}

}  // namespace

asio::awaitable<Outcome<Result>> Handle::run(Connection& connection, const Match& match) {
  const auto& request = connection.request;
  switch (match.route->endpoint) {
    case Endpoint::healthz:
      co_return Result(Text{"ok\n"});
    case Endpoint::user_me:
      co_return user("me", "user_me");
    case Endpoint::user:
      // Ids are digits; what else a parameter could hold stays out of the answer.
      if (match.parameter.size() > 19 ||
          !std::ranges::all_of(match.parameter, [](char c) { return c >= '0' && c <= '9'; })) {
        co_return match.parameter == "me"
            ? Outcome<Result>(user("me", "user"))
            : Outcome<Result>(Refusal{.reason = "no_user", .status = 404, .close = false});
      }
      co_return user(match.parameter, "user");
    case Endpoint::wipe:
      co_return Result(Text{"wiped\n"});
    case Endpoint::echo:
      co_return Result(Text{request.body, "application/octet-stream"});
    case Endpoint::orders:
      co_return co_await orders(request);
    case Endpoint::page:
      co_return co_await page(connection);
    case Endpoint::export_csv:
      co_return Result(std::make_unique<ExportRows>(backend_));
  }
  co_return Refusal{.reason = "no_handler", .status = 500};
}

asio::awaitable<Outcome<Result>> Handle::orders(const Request& request) {
  constexpr std::int64_t default_limit = 20;
  const auto limit = query_number(request.query, "limit").value_or(default_limit);
  const auto cursor = query_number(request.query, "cursor").value_or(0);
  if (limit < 1 || cursor < 0) {
    co_return Refusal{.reason = "query", .status = 400, .close = false};
  }
  auto rows = co_await backend_.workers->run([this, limit, cursor] {
    return backend_.store->orders(cursor, std::min(limit, page_limit_));
  });
  if (!rows) {
    co_return rows.error();
  }
  co_return Result(Page{std::move(*rows)});
}

asio::awaitable<bool> Handle::own_work(Connection& connection,
                                       std::optional<Clock::time_point> deadline) {
  if (backend_.slow.work.count() <= 0) {
    co_return true;
  }
  const auto end = Clock::now() + seconds(backend_.slow.work.count());
  asio::steady_timer timer(co_await asio::this_coro::executor,
                           deadline ? std::min(end, *deadline) : end);
  co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  if (deadline && *deadline < end) {
    co_return false;
  }
  metrics_.work_completed.add();
  if (caller_left(connection.socket)) {
    metrics_.work_orphaned.add();
  }
  co_return true;
}

asio::awaitable<bool> Handle::ask_all(Clock::time_point limit,
                                      std::optional<Clock::time_point> deadline,
                                      const Trace& trace) {
  struct Progress {
    explicit Progress(const asio::any_io_executor& executor, std::size_t n)
        : left(n), done(executor) {
      done.expires_at(Clock::time_point::max());
    }
    std::size_t left;
    bool all_ok = true;
    asio::steady_timer done;
  };
  const auto executor = co_await asio::this_coro::executor;
  const auto progress = std::make_shared<Progress>(executor, backend_.dependencies.size());
  const auto one = [](Dependency dependency, Clock::time_point until,
                      std::optional<Clock::time_point> budget, Trace context,
                      std::shared_ptr<Progress> shared) -> asio::awaitable<void> {
    bool ok = false;
    while (true) {
      ok = co_await ask(dependency, until, budget, context) == 200;
      if (ok || budget || Clock::now() + retry_pause >= until) {
        break;
      }
      asio::steady_timer pause(co_await asio::this_coro::executor, retry_pause);
      co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
    }
    shared->all_ok = shared->all_ok && ok;
    if (--shared->left == 0) {
      shared->done.cancel();
    }
  };
  for (const auto& dependency : backend_.dependencies) {
    asio::co_spawn(executor, one(dependency, limit, deadline, trace, progress), asio::detached);
  }
  while (progress->left > 0) {
    co_await progress->done.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  co_return progress->all_ok;
}

asio::awaitable<Outcome<Result>> Handle::page(Connection& connection) {
  const auto& request = connection.request;
  std::optional<Clock::time_point> deadline;
  if (settings_.propagate_deadline) {
    auto budget = seconds(settings_.deadline);
    if (const auto* brought = request.find(deadline_header); brought != nullptr) {
      std::int64_t left = 0;
      const auto text = brought->value;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), left);
      if (error != std::errc{} || end != text.data() + text.size() || left < 0) {
        co_return Refusal{.reason = "deadline_header", .status = 400, .close = false};
      }
      budget = std::min<Clock::duration>(
          budget, std::chrono::milliseconds(std::min<std::int64_t>(left, 3600000)));
    }
    deadline = request.arrived + budget;
  }
  const Refusal expired{.reason = "deadline", .status = 504, .close = false};
  if (!co_await own_work(connection, deadline)) {
    co_return expired;
  }
  if (!backend_.dependencies.empty()) {
    const auto limit = deadline.value_or(
        Clock::now() + seconds(settings_.hop_timeout * static_cast<double>(settings_.hops_below)));
    auto brought = trace_of(request);
    const auto trace = brought ? std::move(*brought) : new_trace();
    if (!co_await ask_all(limit, deadline, trace)) {
      co_return expired;
    }
  }
  co_return Result(Text{R"({"page":"ok"})", "application/json"});
}

}  // namespace sevenstops
