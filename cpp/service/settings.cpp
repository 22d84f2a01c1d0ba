#include "service/settings.hpp"

#include <charconv>
#include <cmath>
#include <sstream>
#include <stdexcept>

namespace sevenstops {
namespace {

std::string show(double number) {
  std::ostringstream out;
  out.precision(15);
  out << number;
  return out.str();
}

template <class Field>
std::string to_text(Field field) {
  if constexpr (std::is_same_v<Field, bool>) {
    return field ? "true" : "false";
  } else if constexpr (std::is_same_v<Field, double>) {
    return show(field);
  } else {
    return std::to_string(field);
  }
}

template <class Field>
bool from_text(std::string_view text, Field& field) {
  if constexpr (std::is_same_v<Field, bool>) {
    field = text == "true" || text == "1";
    return field || text == "false" || text == "0";
  } else {
    Field parsed{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), parsed);
    if (error != std::errc{} || end != text.data() + text.size()) {
      return false;
    }
    if constexpr (std::is_same_v<Field, double>) {
      if (!std::isfinite(parsed)) {
        return false;
      }
    }
    field = parsed;
    return true;
  }
}

template <class Field>
constexpr std::string_view type_name() {
  if constexpr (std::is_same_v<Field, bool>) {
    return "true or false";
  } else if constexpr (std::is_same_v<Field, double>) {
    return "a number";
  } else {
    return "a whole number";
  }
}

}  // namespace

Settings hardened() { return {}; }

Settings fragile() {
  Settings s;
  s.accept = {.backlog = 16, .drain_queue = false, .reuse_port = false, .max_connections = 20000};
  s.parse = {.request_line_limit = 8192,
             .header_limit = std::int64_t{64} << 20,
             .header_count = 1000000,
             .body_limit = std::int64_t{32} << 20,
             .check_before_buffering = false,
             .head_timeout = 60,
             .body_timeout = 60,
             .idle_timeout = 60};
  s.route = {.tree = false, .normalize_paths = false};
  s.middleware = {.closed_by_default = false, .body_after_auth = false};
  s.handle.propagate_deadline = false;
  s.handle.off_loop = false;
  s.handle.cancel = false;
  s.handle.hedges = 0;
  s.handle.pool_per_dependency = false;
  s.handle.retries = 1000;
  s.handle.retry_budget = 1000;
  s.handle.retry_jitter = false;
  s.handle.breaker_share = 0;
  s.handle.partial = false;
  s.serialize = {.page_limit = 1000000, .compiled = false};
  s.drain = {.await_writes = false,
             .high_water = 65536,
             .write_timeout = 60,
             .linger_timeout = 1.0,
             .send_buffer = 65536};
  return s;
}

std::vector<FieldInfo> field_infos() {
  std::vector<FieldInfo> infos;
  const Settings defaults;
  for_each_field(defaults, [&](auto name, auto field, auto unit, double low, double high,
                               auto meaning) {
    infos.push_back({name, std::string(type_name<decltype(field)>()), unit, low, high, meaning});
  });
  return infos;
}

void set_field(Settings& settings, std::string_view name, std::string_view value) {
  bool known = false;
  for_each_field(settings, [&](std::string_view field_name, auto& field, auto, double low,
                               double high, auto) {
    if (field_name != name) {
      return;
    }
    known = true;
    auto parsed = field;
    if (!from_text(value, parsed)) {
      throw std::invalid_argument("setting " + std::string(name) + " takes " +
                                  std::string(type_name<decltype(parsed)>()) + ", not '" +
                                  std::string(value) + "'");
    }
    if (static_cast<double>(parsed) < low || static_cast<double>(parsed) > high) {
      throw std::invalid_argument("setting " + std::string(name) + " must lie between " +
                                  show(low) + " and " + show(high) + ", not " + std::string(value));
    }
    field = parsed;
  });
  if (!known) {
    throw std::invalid_argument("unknown setting '" + std::string(name) + "'");
  }
}

std::string get_field(const Settings& settings, std::string_view name) {
  std::string text;
  bool known = false;
  for_each_field(settings, [&](std::string_view field_name, auto field, auto...) {
    if (field_name == name) {
      known = true;
      text = to_text(field);
    }
  });
  if (!known) {
    throw std::invalid_argument("unknown setting '" + std::string(name) + "'");
  }
  return text;
}

}  // namespace sevenstops
