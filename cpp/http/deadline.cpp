#include "http/deadline.hpp"

#include <algorithm>
#include <array>

#include "base/numbers.hpp"

namespace sevenstops::http {
namespace {

// Longer budgets are cut to this: nobody waits an hour, and no sum overflows.
constexpr std::int64_t longest_ms = 3600000;

using base::Clock;

std::optional<std::int64_t> whole_number(std::string_view text) {
  const auto value = base::parse_number<std::int64_t>(text);
  return value && *value >= 0 ? value : std::nullopt;
}

std::optional<Clock::duration> parse_milliseconds(std::string_view text) {
  const auto value = whole_number(text);
  if (!value) {
    return std::nullopt;
  }
  return std::chrono::milliseconds(std::min(*value, longest_ms));
}

}  // namespace

std::optional<Clock::duration> parse_grpc_timeout(std::string_view text) {
  constexpr std::size_t most_digits = 8;
  if (text.size() < 2 || text.size() > most_digits + 1) {
    return std::nullopt;
  }
  const auto value = whole_number(text.substr(0, text.size() - 1));
  if (!value) {
    return std::nullopt;
  }
  constexpr std::chrono::milliseconds longest{longest_ms};
  const auto at_most = [&](auto duration) -> Clock::duration {
    return std::min<Clock::duration>(std::chrono::duration_cast<Clock::duration>(duration),
                                     longest);
  };
  switch (text.back()) {
    case 'H':
      return *value > 0 ? Clock::duration(longest) : Clock::duration(0);
    case 'M':
      return at_most(std::chrono::minutes(std::min<std::int64_t>(*value, 60)));
    case 'S':
      return at_most(std::chrono::seconds(*value));
    case 'm':
      return at_most(std::chrono::milliseconds(*value));
    case 'u':
      return at_most(std::chrono::microseconds(*value));
    case 'n':
      return at_most(std::chrono::nanoseconds(*value));
    default:
      return std::nullopt;
  }
}

Outcome<std::optional<Clock::duration>> budget_of(const Request& request) {
  struct Reader {
    std::string_view name;
    std::optional<Clock::duration> (*parse)(std::string_view);
  };
  constexpr std::array<Reader, 3> readers = {
      Reader{deadline_header, parse_milliseconds},
      Reader{"grpc-timeout", parse_grpc_timeout},
      Reader{"x-envoy-expected-rq-timeout-ms", parse_milliseconds},
  };
  std::optional<Clock::duration> least;
  for (const auto& reader : readers) {
    const auto* field = request.find(reader.name);
    if (field == nullptr) {
      continue;
    }
    const auto budget = reader.parse(field->value);
    if (!budget) {
      return Reason::deadline_header;
    }
    least = std::min(least.value_or(*budget), *budget);
  }
  return least;
}

}  // namespace sevenstops::http
