#include "stops/handle/endpoint.hpp"

namespace sevenstops::stops {
namespace {

asio::awaitable<http::Outcome<Result>> openapi(Resources& resources, Call /*call*/) {
  co_return Text{
      .text = resources.description, .content_type = "application/json", .lasting = true};
}

const RegisterEndpoint registered{
    {"openapi", openapi, {"This document: OpenAPI 3.1", AnswerKind::json}}};

}  // namespace
}  // namespace sevenstops::stops
