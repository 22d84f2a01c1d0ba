#include "stops/handle/endpoint.hpp"

namespace sevenstops::stops {
namespace {

asio::awaitable<http::Outcome<Result>> openapi(Resources& resources, Call /*call*/) {
  co_return Text{
      .text = resources.description, .content_type = "application/json", .lasting = true};
}

const RegisterEndpoint registered{
    {"openapi",
     openapi,
     {.summary = "This document: OpenAPI 3.1", .kind = AnswerKind::json, .lasting = true}}};

}  // namespace
}  // namespace sevenstops::stops
