#include "stops/handle/endpoint.hpp"

namespace sevenstops::stops {
namespace {

using Answer = http::Outcome<Result>;

asio::awaitable<Answer> wipe(Resources& /*resources*/, Call /*call*/) {
  co_return Result(Text{"wiped\n"});
}

const RegisterEndpoint registered{{"wipe", wipe}};

}  // namespace
}  // namespace sevenstops::stops
