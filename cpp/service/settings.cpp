#include "service/settings.hpp"

#include <algorithm>
#include <array>
#include <sstream>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "base/numbers.hpp"

namespace sevenstops::service {
namespace {

// Walks a struct of settings and the groups in it, and calls `visit(name, field, about)` with each
// field's whole name.
template <class Visit>
class Walker {
 public:
  Walker(std::string prefix, Visit& visit) : prefix_(std::move(prefix)), visit_(visit) {}

  template <class Field>
  void operator()(std::string_view name, Field& field, const base::About& about) const {
    visit_(prefix_ + std::string(name), field, about);
  }
  template <class Group>
  void group(std::string_view name, Group& settings) const {
    std::remove_const_t<Group>::fields(settings, Walker(prefix_ + std::string(name) + ".", visit_));
  }

 private:
  std::string prefix_;
  Visit& visit_;
};

template <class AnySettings, class Visit>
void for_each_field(AnySettings& settings, Visit visit) {
  Settings::fields(settings, Walker<Visit>("", visit));
}

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
std::optional<Field> from_text(std::string_view text) {
  if constexpr (std::is_same_v<Field, bool>) {
    const bool yes = text == "true" || text == "1";
    return yes || text == "false" || text == "0" ? std::optional(yes) : std::nullopt;
  } else {
    return base::parse_number<Field>(text);
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

// Names that settings had before they stood in groups.
constexpr std::array<std::pair<std::string_view, std::string_view>, 17> renamed = {{
    {"handle.hedges", "handle.hedge.most"},
    {"handle.hedge_quantile", "handle.hedge.quantile"},
    {"handle.hedge_budget", "handle.hedge.budget"},
    {"handle.hedge_delay", "handle.hedge.delay"},
    {"handle.tied", "handle.hedge.tied"},
    {"handle.retries", "handle.retry.most"},
    {"handle.retry_budget", "handle.retry.budget"},
    {"handle.retry_pause", "handle.retry.pause"},
    {"handle.retry_jitter", "handle.retry.jitter"},
    {"handle.attempt_timeout", "handle.retry.attempt_timeout"},
    {"handle.breaker_share", "handle.breaker.share"},
    {"handle.breaker_pause", "handle.breaker.pause"},
    {"handle.partial", "handle.optional.partial"},
    {"handle.optional_share", "handle.optional.share"},
    {"handle.pool_per_dependency", "handle.pool.per_replica"},
    {"handle.pool_limit", "handle.pool.limit"},
    {"handle.pool_idle_timeout", "handle.pool.idle_timeout"},
}};

[[noreturn]] void unknown(std::string_view name) {
  const auto* old = std::ranges::find(renamed, name, &decltype(renamed)::value_type::first);
  if (old != renamed.end()) {
    throw std::invalid_argument("setting " + std::string(name) + " is called " +
                                std::string(old->second) + " now");
  }
  throw std::invalid_argument("unknown setting '" + std::string(name) + "'");
}

}  // namespace

std::vector<FieldInfo> field_infos() {
  std::vector<FieldInfo> infos;
  const Settings defaults;
  for_each_field(defaults, [&](std::string name, auto& field, const base::About& about) {
    infos.push_back({std::move(name),
                     std::string(type_name<std::remove_cvref_t<decltype(field)>>()),
                     std::string(about.unit), about.low, about.high, std::string(about.meaning)});
  });
  return infos;
}

void set_field(Settings& settings, std::string_view name, std::string_view value) {
  bool known = false;
  for_each_field(settings, [&](const std::string& each, auto& field, const base::About& about) {
    if (each != name) {
      return;
    }
    known = true;
    using Field = std::remove_cvref_t<decltype(field)>;
    const auto parsed = from_text<Field>(value);
    if (!parsed) {
      throw std::invalid_argument("setting " + each + " takes " + std::string(type_name<Field>()) +
                                  ", not '" + std::string(value) + "'");
    }
    if (static_cast<double>(*parsed) < about.low || static_cast<double>(*parsed) > about.high) {
      throw std::invalid_argument("setting " + each + " must lie between " + show(about.low) +
                                  " and " + show(about.high) + ", not " + std::string(value));
    }
    field = *parsed;
  });
  if (!known) {
    unknown(name);
  }
}

std::string get_field(const Settings& settings, std::string_view name) {
  std::optional<std::string> text;
  for_each_field(settings, [&](const std::string& each, auto& field, const base::About&) {
    if (each == name) {
      text = to_text(field);
    }
  });
  if (!text) {
    unknown(name);
  }
  return *text;
}

}  // namespace sevenstops::service
