#include "stops/handle/endpoint.hpp"

namespace sevenstops::stops {
namespace {

using Answer = http::Outcome<Result>;

class ExportRows final : public RowSource {
 public:
  explicit ExportRows(Resources& resources) : resources_(resources) {}

  asio::awaitable<http::Outcome<std::vector<store::Order>>> next() override {
    constexpr std::int64_t batch_size = 500;
    auto batch = co_await resources_.workers->run(
        [this](const std::stop_token&) { return resources_.store->orders(cursor_, batch_size); },
        resources_.worker_metrics, true);
    if (batch && !batch->empty()) {
      cursor_ = batch->back().id;
    }
    co_return batch;
  }

 private:
  Resources& resources_;
  std::int64_t cursor_ = 0;
};

asio::awaitable<Answer> export_csv(Resources& resources, Call /*call*/) {
  co_return Result(std::make_unique<ExportRows>(resources));
}

const RegisterEndpoint registered{{"export_csv", export_csv, {"All orders", AnswerKind::csv}}};

}  // namespace
}  // namespace sevenstops::stops
