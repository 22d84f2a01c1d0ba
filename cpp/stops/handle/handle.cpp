#include "stops/handle/handle.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json.hpp>
#include <charconv>

#include "http/deadline.hpp"
#include "stops/handle/watch.hpp"

namespace sevenstops {
namespace {

constexpr std::int64_t export_lot = 500;
constexpr auto awaitable_tuple = asio::as_tuple(asio::use_awaitable);
constexpr Refusal expired{.reason = "deadline", .status = 504, .close = false};
constexpr Refusal client_left{.reason = "client_left", .status = 0};
constexpr unsigned ok = 200;
constexpr std::string_view processing = "HTTP/1.1 102 Processing\r\n\r\n";
constexpr std::chrono::seconds processing_patience{1};

// How a page ends without a dependency that it needs.
Refusal failed(unsigned status) {
  constexpr unsigned unavailable = 503;
  constexpr unsigned gateway_timeout = 504;
  if (status == gateway_timeout) {
    return expired;
  }
  return {.reason = status == unavailable ? "dependency_stopped" : "dependency_failed",
          .status = status,
          .close = false};
}

class ExportRows : public RowSource {
 public:
  ExportRows(Backend backend, Metrics& metrics) : backend_(std::move(backend)), metrics_(metrics) {}

  asio::awaitable<Outcome<std::vector<Order>>> next() override {
    auto lot = co_await backend_.workers->run(
        [this] { return backend_.store->orders(cursor_, export_lot); }, metrics_, true);
    if (lot && !lot->empty()) {
      cursor_ = lot->back().id;
    }
    co_return lot;
  }

 private:
  Backend backend_;
  Metrics& metrics_;
  std::int64_t cursor_ = 0;
};

std::optional<std::string_view> query_text(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const auto pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const auto equals = pair.find('=');
    if (equals != std::string_view::npos && pair.substr(0, equals) == name) {
      return pair.substr(equals + 1);
    }
  }
  return std::nullopt;
}

// A whole number from the query; nothing when the name is missing, -1 when it isn't a number.
std::optional<std::int64_t> query_number(std::string_view query, std::string_view name) {
  const auto text = query_text(query, name);
  if (!text) {
    return std::nullopt;
  }
  std::int64_t value = 0;
  const auto [stop, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  return error == std::errc{} && stop == text->data() + text->size() ? value : -1;
}

Result page_answer(const std::vector<std::string>& missing) {
  if (missing.empty()) {
    return Text{R"({"page":"ok"})", "application/json"};
  }
  boost::json::array names(missing.begin(), missing.end());
  return Text{boost::json::serialize(boost::json::object{{"page", "partial"}, {"missing", names}}),
              "application/json"};
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
    case Endpoint::report:
      co_return co_await report(connection);
    case Endpoint::page:
      co_return co_await page(connection);
    case Endpoint::export_csv:
      co_return Result(std::make_unique<ExportRows>(backend_, metrics_));
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
  const auto job = [this, limit, cursor] {
    return backend_.store->orders(cursor, std::min(limit, page_limit_));
  };
  if (!settings_.off_loop) {
    co_return Result(Page{job()});
  }
  auto rows = co_await backend_.workers->run(job, metrics_);
  if (!rows) {
    co_return rows.error();
  }
  co_return Result(Page{std::move(*rows)});
}

Outcome<std::optional<Clock::time_point>> Handle::deadline_of(const Request& request) const {
  if (!settings_.propagate_deadline) {
    return std::optional<Clock::time_point>();
  }
  const auto brought = budget_of(request);
  if (!brought) {
    return brought.error();
  }
  const auto own = seconds(settings_.deadline);
  return std::optional(request.arrived + std::min(own, brought->value_or(own)));
}

asio::awaitable<Outcome<Result>> Handle::report(Connection& connection) {
  const auto deadline = deadline_of(connection.request);
  if (!deadline) {
    co_return deadline.error();
  }
  const auto given_up = std::make_shared<std::atomic<bool>>(false);
  const QueryLimit limit{.deadline = deadline->value_or(Clock::time_point::max()),
                         .given_up = given_up};
  const auto job = [this, &limit] { return backend_.store->turnover(limit); };
  metrics_.queries.add();
  std::optional<std::string> found;
  if (settings_.off_loop) {
    std::optional<Watch> watch;
    if (settings_.cancel) {
      watch.emplace(connection.socket, [given_up] { given_up->store(true); });
    }
    auto answer = co_await backend_.workers->run(job, metrics_);
    if (!answer) {
      co_return answer.error();
    }
    found = std::move(*answer);
  } else {
    found = job();
  }
  if (!found) {
    metrics_.queries_cancelled.add();
    co_return given_up->load() ? client_left : expired;
  }
  co_return Result(Text{std::move(*found), "application/json"});
}

void Handle::next_turn() {
  if (queue_.empty()) {
    --busy_;
    return;
  }
  // The place at work passes on as it is.
  auto* next = queue_.front();
  queue_.pop_front();
  next->called = true;
  next->timer->cancel();
}

asio::awaitable<Outcome<void>> Handle::own_work(Connection& connection,
                                                std::optional<Clock::time_point> deadline) {
  const auto& model = backend_.model;
  if (deadline && Clock::now() >= *deadline) {
    co_return expired;
  }
  if (model.works()) {
    struct InProgress {
      explicit InProgress(Metrics& m) : metrics(m) { metrics.work_in_progress.add(); }
      InProgress(const InProgress&) = delete;
      InProgress& operator=(const InProgress&) = delete;
      ~InProgress() { metrics.work_in_progress.sub(1); }
      Metrics& metrics;
    } const in_progress(metrics_);
    bool gone = false;
    asio::steady_timer timer(co_await asio::this_coro::executor);
    std::optional<Watch> watch;
    if (settings_.cancel) {
      watch.emplace(connection.socket, [&gone, &timer] {
        gone = true;
        timer.cancel();
      });
    }
    const auto limit = deadline.value_or(Clock::time_point::max());
    if (model.workers > 0 && busy_ >= model.workers) {
      Turn turn{&timer};
      const auto place = queue_.insert(queue_.end(), &turn);
      timer.expires_at(limit);
      co_await timer.async_wait(awaitable_tuple);
      if (!turn.called) {
        queue_.erase(place);
        metrics_.work_cancelled.add();
        co_return gone ? client_left : expired;
      }
    } else {
      ++busy_;
    }
    // RFC 9110, 15.2: a client of HTTP/1.0 gets no interim answer.
    if (connection.request.minor_version > 0 && connection.request.find(tied_header) != nullptr &&
        !co_await write_all(connection, processing, processing_patience)) {
      next_turn();
      metrics_.work_cancelled.add();
      co_return client_left;
    }
    const auto now = Clock::now();
    first_work_ = first_work_.value_or(now);
    const auto since = std::chrono::duration<double>(now - *first_work_).count();
    const auto end = now + seconds(model.draw(random_) * model.slowdown(since));
    timer.expires_at(std::min(end, limit));
    if (!gone) {
      co_await timer.async_wait(awaitable_tuple);
    }
    next_turn();
    if (gone || limit < end) {
      metrics_.work_cancelled.add();
      co_return gone ? client_left : expired;
    }
    metrics_.work_completed.add();
    if (has_left(connection.socket)) {
      metrics_.work_orphaned.add();
    }
  }
  if (model.error_share > 0 && std::bernoulli_distribution(model.error_share)(random_)) {
    co_return Refusal{.reason = "fault", .status = 500, .close = false};
  }
  co_return Outcome<void>();
}

asio::awaitable<Outcome<Result>> Handle::page(Connection& connection) {
  const auto only = query_text(connection.request.query, "of").value_or("");
  if (!only.empty() && !hop_.knows(only)) {
    co_return Refusal{.reason = "no_dependency", .status = 404, .close = false};
  }
  const auto deadline = deadline_of(connection.request);
  if (!deadline) {
    co_return deadline.error();
  }
  if (auto worked = co_await own_work(connection, *deadline); !worked) {
    co_return worked.error();
  }
  if (!backend_.dependencies.empty()) {
    auto brought = trace_of(connection.request);
    const Hop::Context context{
        .limit =
            deadline->value_or(Clock::now() + seconds(settings_.hop_timeout *
                                                      static_cast<double>(settings_.hops_below))),
        .deadline = *deadline,
        .trace = brought ? std::move(*brought) : new_trace()};
    const auto answers = co_await hop_.ask_all(connection.socket, context, only);
    if (answers.status != ok) {
      co_return failed(answers.status);
    }
    co_return page_answer(answers.missing);
  }
  co_return page_answer({});
}

}  // namespace sevenstops
