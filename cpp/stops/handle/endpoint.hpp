#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/semaphore.hpp"
#include "base/task_group.hpp"
#include "faults/injection.hpp"
#include "http/deadline.hpp"
#include "http/request.hpp"
#include "stops/caller.hpp"
#include "stops/handle/metrics.hpp"
#include "stops/handle/settings.hpp"
#include "stops/result.hpp"
#include "store/store.hpp"
#include "store/workers.hpp"
#include "upstream/client.hpp"

namespace sevenstops::stops {

/// What the handlers of one I/O thread share.
struct Resources {
  HandleSettings settings;
  /// Most rows in one answer.
  std::int64_t page_limit;
  std::shared_ptr<store::Store> store;
  std::shared_ptr<store::Workers> workers;
  std::shared_ptr<store::Workers> report_workers;
  upstream::Client upstream;
  faults::Injection& faults;
  HandleMetrics& metrics;
  store::WorkerMetrics& worker_metrics;
  /// The OpenAPI document of all routes.
  std::string description;
  /// Turns at the own work of GET /page, where a fault limits them.
  std::optional<base::Semaphore> turns;
};

/// What a handler is told.
struct Call {
  const http::Request& request;
  /// The value of the route's parameter; empty without one.
  std::string_view parameter;
  Caller& caller;
  /// Where a handler leaves the id of a trace that it begins.
  std::string& trace_begun;
};

/// Does `work` for a caller; nothing when it was cancelled since the caller has left, as the
/// setting `cancel` says.
template <class Value>
[[nodiscard]] asio::awaitable<std::optional<Value>> unless_left(const HandleSettings& settings,
                                                                Caller& caller,
                                                                asio::awaitable<Value> work) {
  if (!settings.cancel) {
    co_return co_await std::move(work);
  }
  co_return co_await base::unless(caller.left(), std::move(work));
}

/// One parameter of an endpoint, as /openapi.json tells of it.
struct Parameter {
  std::string_view name;
  /// "query", "path" or "header".
  std::string_view in;
  /// "integer" or "string".
  std::string_view type;
  std::string_view meaning;
  /// The least that an integer may be.
  std::optional<std::int64_t> least = {};
};

/// The caller's deadline, as http::budget_of reads it, where an endpoint keeps it.
inline constexpr std::array<Parameter, 3> budget_parameters = {
    {{.name = http::deadline_header,
      .in = "header",
      .type = "integer",
      .meaning = "milliseconds that the caller waits",
      .least = 0},
     {.name = "grpc-timeout",
      .in = "header",
      .type = "string",
      .meaning = "the same as gRPC has it, such as 20m"},
     {.name = "x-envoy-expected-rq-timeout-ms",
      .in = "header",
      .type = "integer",
      .meaning = "the same as Envoy has it",
      .least = 0}}};

/// What an answer of 200 holds.
enum class AnswerKind : std::uint8_t { text, json, bytes, orders, csv, png };

/// What /openapi.json tells of an endpoint.
struct EndpointAbout {
  std::string_view summary;
  AnswerKind kind = AnswerKind::text;
  std::vector<Parameter> parameters = {};
  bool keeps_deadline = false;
  bool takes_body = false;
  /// Whether its answers have an ETag.
  bool lasting = false;
};

/// A handler. A new one is a new file in endpoints/ that registers itself, and a line in `routes`.
struct Endpoint {
  std::string_view name;
  /// Where it waits for others it does so by `unless_left`.
  asio::awaitable<http::Outcome<Result>> (*run)(Resources& resources, Call call) = nullptr;
  EndpointAbout about = {};
};

[[nodiscard]] const std::map<std::string_view, Endpoint>& endpoints();

struct RegisterEndpoint {
  explicit RegisterEndpoint(Endpoint endpoint);
};

/// When a request's budget is spent: the least of what it brings and the service's own. Nothing
/// where deadlines are not passed on; refuses a budget that can't be read.
[[nodiscard]] http::Outcome<std::optional<Clock::time_point>> deadline_of(
    const http::Request& request, const HandleSettings& settings);

/// The value of a name in a query, as written; nothing when it is missing.
[[nodiscard]] std::optional<std::string_view> query_text(std::string_view query,
                                                         std::string_view name);

/// The same as a whole number; -1 when it is none.
[[nodiscard]] std::optional<std::int64_t> query_number(std::string_view query,
                                                       std::string_view name);

}  // namespace sevenstops::stops
