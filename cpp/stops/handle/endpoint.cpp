#include "stops/handle/endpoint.hpp"

#include <algorithm>

#include "base/numbers.hpp"
#include "http/deadline.hpp"

namespace sevenstops::stops {
namespace {

std::map<std::string_view, Endpoint>& registry() {
  static std::map<std::string_view, Endpoint> known;
  return known;
}

}  // namespace

const std::map<std::string_view, Endpoint>& endpoints() { return registry(); }

RegisterEndpoint::RegisterEndpoint(Endpoint endpoint) {
  registry().emplace(endpoint.name, endpoint);
}

http::Outcome<std::optional<Clock::time_point>> deadline_of(const http::Request& request,
                                                            const HandleSettings& settings) {
  if (!settings.propagate_deadline) {
    return std::optional<Clock::time_point>();
  }
  const auto brought = http::budget_of(request);
  if (!brought) {
    return brought.error();
  }
  const auto own = base::seconds(settings.deadline);
  return std::optional(request.arrived + std::min(own, brought->value_or(own)));
}

std::optional<std::string_view> query_text(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const auto pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const auto equals = pair.find('=');
    if (equals != std::string_view::npos && pair.substr(0, equals) == name) {
      return pair.substr(equals + 1);
    }
  }
  return std::nullopt;
}

std::optional<std::int64_t> query_number(std::string_view query, std::string_view name) {
  const auto text = query_text(query, name);
  if (!text) {
    return std::nullopt;
  }
  return base::parse_number<std::int64_t>(*text).value_or(-1);
}

}  // namespace sevenstops::stops
