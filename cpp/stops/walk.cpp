#include "stops/walk.hpp"

#include <boost/system/system_error.hpp>
#include <stdexcept>

#include "base/task_group.hpp"
#include "stops/access_log.hpp"
#include "stops/serialize/serialize.hpp"
#include "stops/visit.hpp"

namespace sevenstops::stops {

using base::Stop;
using http::Outcome;
using http::Reason;

asio::awaitable<Walk::Next> Walk::once() {
  auto request = co_await parse();
  if (!request) co_return co_await refuse(request.error());
  auto match = route();
  if (!match) co_return co_await refuse(match.error());
  if (match->route == nullptr) co_return co_await answer_for_route(*match);
  // Whoever balances asks this, and is to send nothing more.
  if (match->route->vital && s_.unready) co_return co_await refuse(Reason::leaving);
  auto response = co_await chain(*match);
  if (!response) co_return co_await refuse(response.error());
  co_return co_await drain(std::move(*response), x_.request.keep_alive, Next::end);
}

asio::awaitable<Outcome<void>> Walk::parse() {
  auto request = co_await x_.incoming.next(s_.parse, x_.request);
  if (!request && request.error().reason == Reason::idle) {
    co_return request;
  }
  x_.left = x_.request.arrived;
  const Visit visit(s_, x_, Stop::parse);
  s_.metrics.parse.requests.add();
  s_.metrics[Stop::parse].bytes.add(x_.request.head.size());
  if (request && x_.request.both_framings) {
    s_.metrics.parse.both_framings.add();
  }
  co_return request;
}

Outcome<Match> Walk::route() {
  const Visit visit(s_, x_, Stop::route);
  auto match = s_.router.match(x_.request.method, x_.request.path);
  if (match && match->odd) {
    s_.metrics.route.odd.add();
  }
  return match;
}

namespace {

// What an exception within the chain is counted as, by the stop that it came from.
constexpr Reason thrown_at(Stop stop) {
  switch (stop) {
    case Stop::parse:
      return Reason::parse_exception;
    case Stop::handle:
      return Reason::handle_exception;
    case Stop::serialize:
      return Reason::serialize_exception;
    default:
      return Reason::middleware_exception;
  }
}

}  // namespace

// Middleware, and what stands within it. An exception outside the boundary ends the connection.
asio::awaitable<Outcome<Response>> Walk::chain(const Match& match) {
  bool bounded = false;
  auto stop = Stop::middleware;
  Response response;
  try {
    for (const auto layer : s_.middleware.order()) {
      Outcome<void> passed;
      stop = Stop::middleware;
      switch (layer) {
        case Layer::error_boundary:
          bounded = true;
          break;
        case Layer::limits:
          passed = s_.parse.declared(x_.request);
          break;
        case Layer::auth:
          passed = admit(match);
          break;
        case Layer::rate_limit:
          // Who asks whether the service lives has to be told so.
          passed = match.route->vital ? Outcome<void>() : limit_rate();
          break;
        case Layer::body:
          if (x_.request.has_body()) {
            stop = Stop::parse;
            passed = co_await body(match);
          }
          break;
        case Layer::handler: {
          stop = Stop::handle;
          // Named, since GCC before 13 destroys what is chosen within a co_await expression twice.
          const bool limited = s_.admission.limits(*match.route);
          auto handled = limited ? handle_admitted(match) : handle(match);
          auto result = co_await std::move(handled);
          if (limited) {
            // Nor is what the limiter makes of it.
            x_.left = Clock::now();
          }
          if (!result) {
            co_return result.error();
          }
          stop = Stop::serialize;
          if (s_.representation.applies(*result)) {
            auto represented = co_await represent(std::move(*result));
            if (!represented) {
              co_return represented.error();
            }
            response = std::move(*represented);
          } else {
            const Visit visit(s_, x_, stop);
            response = serialize(std::move(*result));
          }
          break;
        }
      }
      if (!passed) {
        co_return passed.error();
      }
    }
    co_return std::move(response);
  } catch (const std::exception& error) {
    if (!bounded || base::is_cancellation(error)) {
      throw;
    }
    s_.log.error(match.route->pattern + " failed: " + error.what());
  }
  x_.left = Clock::now();
  co_return thrown_at(stop);
}

// Where the body is read is the chain's order; reading it is parse's work.
asio::awaitable<Outcome<void>> Walk::body(const Match& match) {
  // A body is an observation of its own in parse's histogram.
  const auto start = Clock::now();
  const base::Raised unfinished(s_.metrics.parse.bodies_unfinished);
  auto read = co_await s_.parse.body(x_.request, x_.content, x_.caller);
  x_.left = Clock::now();
  s_.metrics[Stop::parse].seconds.record(x_.left - start);
  s_.metrics[Stop::parse].bytes.add(x_.request.body.size());
  if (!match.route->open && !s_.middleware.authenticated(x_.request)) {
    s_.metrics.middleware.unauthenticated_body.add(x_.request.body.size());
  }
  co_return read;
}

Outcome<void> Walk::admit(const Match& match) {
  const Visit visit(s_, x_, Stop::middleware);
  if (x_.request.find("authorization") != nullptr && s_.faults.layer_fails()) {
    throw std::runtime_error("the auth layer has the fault failing-layer");
  }
  auto admitted = s_.middleware.admit(x_.request, *match.route);
  if (admitted && !match.route->open && !s_.middleware.authenticated(x_.request)) {
    s_.metrics.middleware.unauthenticated_admitted.add();
  }
  return admitted;
}

Outcome<void> Walk::limit_rate() {
  quota_ = s_.middleware.take(x_.request, x_.address, Clock::now());
  s_.metrics.middleware.rate_clients_forgotten.add(quota_->forgot ? 1 : 0);
  x_.left = Clock::now();
  if (quota_->granted) {
    return {};
  }
  const bool worked = x_.timings[base::index(Stop::handle)].has_value();
  s_.metrics.middleware.rate_limited_after_work.add(worked ? 1 : 0);
  return Reason::rate_limit;
}

// Not before the body is there: a client that takes its time would hold a place of those who work,
// and its pace would pass for the handler's latency.
asio::awaitable<Outcome<Result>> Walk::handle_admitted(const Match& match) {
  // By its status, a timeout or a want of resources; another error says nothing of load.
  const auto overloaded = [](const http::Refusal& refusal) {
    constexpr unsigned unavailable = 503;
    constexpr unsigned gateway_timeout = 504;
    return refusal.status() == unavailable || refusal.status() == gateway_timeout;
  };
  auto lease = co_await s_.admission.enter(*match.route);
  // The wait is no stop's work.
  x_.left = Clock::now();
  if (!lease) {
    co_return lease.error();
  }
  try {
    auto result = co_await handle(match);
    if (result || result.error().reason != Reason::client_left) {
      lease->ended(!result && overloaded(result.error()));
    }
    co_return result;
  } catch (const std::exception& error) {
    if (!base::is_cancellation(error)) {
      lease->ended(false);
    }
    throw;
  }
}

asio::awaitable<Outcome<Result>> Walk::handle(const Match& match) {
  if (s_.stopping) {
    cut_short();
    throw boost::system::system_error(asio::error::operation_aborted);
  }
  const Visit visit(s_, x_, Stop::handle);
  try {
    co_return co_await s_.handle.run(x_.request, match, x_.caller, x_.trace_begun);
  } catch (const std::exception& error) {
    if (base::is_cancellation(error)) {
      cut_short();
    }
    throw;
  }
}

asio::awaitable<Outcome<Response>> Walk::represent(Result result) {
  const Visit visit(s_, x_, Stop::serialize);
  const bool lasting = Representation::lasts(result);
  auto response = serialize(std::move(result));
  try {
    auto chosen = co_await s_.representation.choose(response, x_.request, lasting);
    if (!chosen) {
      co_return chosen.error();
    }
  } catch (const std::exception& error) {
    if (base::is_cancellation(error)) {
      cut_short();
    }
    throw;
  }
  co_return std::move(response);
}

Response Walk::serialize(Result result) {
  constexpr std::size_t large = 100'000;
  const bool of_rows = std::holds_alternative<Page>(result);
  auto response = stops::serialize(std::move(result), s_.serialize_settings);
  s_.metrics[Stop::serialize].bytes.add(response.bytes.size());
  s_.metrics.serialize.large.add(of_rows && response.bytes.size() > large ? 1 : 0);
  return response;
}

asio::awaitable<Walk::Next> Walk::drain(Response response, bool keep_alive, Next otherwise) {
  const auto status = response.status;
  if (s_.leaving) {
    // The next request may be under way: a close would take the answer with it.
    keep_alive = false;
    otherwise = Next::linger;
  }
  if (quota_) {
    response.fields.push_back({"RateLimit-Policy", std::string(s_.middleware.rate_policy())});
    response.fields.push_back({"RateLimit", RateLimiter::standing(*quota_)});
  }
  if (x_.request.has_body()) {
    // Nobody asks for it any more, and the client may take its time.
    std::string().swap(x_.request.body);
    (void)x_.content.reserve(0, 0);
    x_.left = Clock::now();
  }
  Outcome<void> sent;
  try {
    const Visit visit(s_, x_, Stop::drain);
    sent = co_await s_.drain.send(response, x_.request, x_.timings, x_.writer, keep_alive);
  } catch (const std::exception& error) {
    if (base::is_cancellation(error)) {
      cut_short(status);
      throw;
    }
    s_.log.error("a response broke off: " + std::string(error.what()));
    sent = Reason::stream_broken;
  }
  // What was refused before has been counted.
  if (!sent && !refused_) {
    s_.metrics.refuse(sent.error().reason);
    refused_ = sent.error().reason;
  }
  log(status, x_.writer.framed());
  if (!sent) {
    co_return Next::end;
  }
  co_return keep_alive ? Next::request : otherwise;
}

asio::awaitable<Walk::Next> Walk::refuse(http::Refusal refusal) {
  const auto& about = http::info(refusal.reason);
  s_.metrics.refuse(refusal.reason);
  refused_ = refusal.reason;
  if (about.status == 0) {
    if (refusal.reason != Reason::idle) {
      log(0, 0);
    }
    co_return Next::end;
  }
  constexpr std::size_t costly = 262'144;
  const auto held = x_.incoming.held() + x_.request.body.capacity();
  s_.metrics.parse.refused_buffered.raise_to(held);
  s_.metrics.parse.refused_costly.add(held > costly ? 1 : 0);
  s_.metrics.parse.refused_body.add(x_.request.body.size());
  auto response = stops::serialize(refusal);
  if (refusal.reason == Reason::rate_limit) {
    response.retry_after = static_cast<unsigned>(whole_seconds(quota_->wait));
  }
  const bool keep_alive = !about.ends_connection && reusable();
  co_return co_await drain(std::move(response), keep_alive, Next::linger);
}

// Where the path or OPTIONS is answered without a handler: with a location, or with methods.
asio::awaitable<Walk::Next> Walk::answer_for_route(const Match& match) {
  constexpr unsigned permanent_redirect = 308;
  constexpr unsigned no_content = 204;
  Response response{.status = no_content};
  if (match.location.empty()) {
    response.fields.push_back({"Allow", std::string(match.allow)});
  } else {
    s_.metrics.route.redirected.add();
    response.status = permanent_redirect;
    auto where = match.location;
    if (!x_.request.query.empty()) {
      where.append("?").append(x_.request.query);
    }
    response.fields.push_back({"Location", std::move(where)});
  }
  co_return co_await drain(std::move(response), reusable(), Next::linger);
}

// A body that was not read makes the next request's first byte unknown.
bool Walk::reusable() const {
  return x_.request.keep_alive && (!x_.request.has_body() || x_.request.body_read);
}

// The service stops in the middle of it.
void Walk::cut_short(unsigned status) {
  refused_ = refused_.value_or(Reason::stopping);
  log(status, status == 0 ? 0 : x_.writer.framed());
}

void Walk::log(unsigned status, std::uint64_t bytes) {
  if (s_.log.logs_access()) {
    s_.log.access(access_line(x_, status, bytes, refused_));
  }
}

}  // namespace sevenstops::stops
