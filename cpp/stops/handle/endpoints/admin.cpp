#include "stops/handle/endpoint.hpp"

namespace sevenstops::stops {
namespace {

// A page for operators, which the edge is to keep from everybody else.
asio::awaitable<http::Outcome<Result>> admin(Resources& /*resources*/, Call /*call*/) {
  co_return Text{R"({"handler":"admin"})", "application/json"};
}

const RegisterEndpoint registered{{"admin", admin, {"A page for operators", AnswerKind::json}}};

}  // namespace
}  // namespace sevenstops::stops
