#include <algorithm>

#include "http/characters.hpp"
#include "stops/handle/endpoint.hpp"

namespace sevenstops::stops {
namespace {

using Answer = http::Outcome<Result>;

Result answer(std::string_view id, std::string_view handler) {
  std::string json = R"({"handler":")";
  json.append(handler).append(R"(","id":")").append(id).append(R"("})");
  return Text{std::move(json), "application/json"};
}

asio::awaitable<Answer> user(Resources& /*resources*/, Call call) {
  constexpr std::size_t longest = 19;
  const auto id = call.parameter;
  if (id == "me") {
    co_return answer(id, "user");
  }
  // Ids are digits; what else a parameter could hold stays out of the answer.
  if (id.size() > longest || !std::ranges::all_of(id, http::is_digit)) {
    co_return http::Reason::no_user;
  }
  co_return answer(id, "user");
}

asio::awaitable<Answer> user_me(Resources& /*resources*/, Call /*call*/) {
  co_return answer("me", "user_me");
}

const RegisterEndpoint registered{
    {"user",
     user,
     {"A user by number",
      AnswerKind::json,
      {{"id", "path", "string", "up to 19 digits; anything else is no user (404)"}}}}};
const RegisterEndpoint registered_me{{"user_me", user_me, {"The user who asks", AnswerKind::json}}};

}  // namespace
}  // namespace sevenstops::stops
