#include "stops/handle/endpoint.hpp"

namespace sevenstops::stops {
namespace {

using Answer = http::Outcome<Result>;

asio::awaitable<Answer> echo(Resources& /*resources*/, Call call) {
  co_return Result(Text{call.request.body, "application/octet-stream"});
}

const RegisterEndpoint registered{
    {"echo",
     echo,
     {.summary = "The body, sent back", .kind = AnswerKind::bytes, .takes_body = true}}};

}  // namespace
}  // namespace sevenstops::stops
