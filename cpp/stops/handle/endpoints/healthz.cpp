#include "stops/handle/endpoint.hpp"

namespace sevenstops::stops {
namespace {

using Answer = http::Outcome<Result>;

asio::awaitable<Answer> healthz(Resources& /*resources*/, Call /*call*/) {
  co_return Result(Text{"ok\n"});
}

const RegisterEndpoint registered{{"healthz", healthz, {"Whether the service answers"}}};

}  // namespace
}  // namespace sevenstops::stops
