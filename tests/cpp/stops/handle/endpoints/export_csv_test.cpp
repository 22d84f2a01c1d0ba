#include <gtest/gtest.h>

#include <numeric>

#include "../../../support/run.hpp"
#include "../../fakes.hpp"
#include "stops/handle/handle.hpp"

namespace sevenstops::stops {
namespace {

TEST(ExportCsv, HasEveryRowOnceThroughAllOfItsBatches) {
  constexpr std::int64_t count = 1201;
  const Backend backend{
      .store = std::make_shared<store::Store>(count, 1),
      .workers = std::make_shared<store::Workers>(store::WorkerLimits{.threads = 1}),
      .dependencies = {}};
  const faults::FaultClock clock;
  faults::Injection faults({}, clock);
  HandleMetrics metrics;
  upstream::Metrics upstream;
  store::WorkerMetrics workers;
  Handle handle({}, backend, 10, faults, metrics, upstream, workers);
  const Route route{
      .method = "GET", .pattern = "/export.csv", .endpoint = &endpoints().at("export_csv")};
  const Match match{.route = &route};
  const http::Request request;
  fakes::FakeCaller caller;
  std::string trace_begun;
  std::vector<std::int64_t> ids;
  test::run([&]() -> asio::awaitable<void> {
    auto result = co_await handle.run(request, match, caller, trace_begun);
    auto& rows = *std::get<std::unique_ptr<RowSource>>(result.value());
    auto batch = co_await rows.next();
    while (batch && !batch->empty()) {
      for (const auto& order : *batch) {
        ids.push_back(order.id);
      }
      batch = co_await rows.next();
    }
    EXPECT_TRUE(batch);
  });
  std::vector<std::int64_t> all(count);
  std::iota(all.begin(), all.end(), 1);
  EXPECT_EQ(ids, all);
}

}  // namespace
}  // namespace sevenstops::stops
