#include "stops/handle/endpoint.hpp"

namespace sevenstops::stops {
namespace {

using Answer = http::Outcome<Result>;

asio::awaitable<Answer> wipe(Resources& /*resources*/, Call /*call*/) {
  co_return Result(Text{"wiped\n"});
}

const RegisterEndpoint registered{{"wipe", wipe, {"Stands for what only its owner may do"}}};

}  // namespace
}  // namespace sevenstops::stops
