#include "service/settings.hpp"

#include <algorithm>
#include <array>
#include <span>
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
std::string to_text(Field field, const base::About& about) {
  if constexpr (std::is_enum_v<Field>) {
    return std::string(about.words[static_cast<std::size_t>(field)]);
  } else if constexpr (std::is_same_v<Field, bool>) {
    return field ? "true" : "false";
  } else if constexpr (std::is_same_v<Field, double>) {
    return show(field);
  } else {
    return std::to_string(field);
  }
}

template <class Field>
std::optional<Field> from_text(std::string_view text, const base::About& about) {
  if constexpr (std::is_enum_v<Field>) {
    const auto word = std::ranges::find(about.words, text);
    return word == about.words.end()
               ? std::nullopt
               : std::optional(static_cast<Field>(word - about.words.begin()));
  } else if constexpr (std::is_same_v<Field, bool>) {
    const bool yes = text == "true" || text == "1";
    return yes || text == "false" || text == "0" ? std::optional(yes) : std::nullopt;
  } else {
    return base::parse_number<Field>(text);
  }
}

// "a, b or c".
std::string one_of(std::span<const std::string_view> words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    text.append(i == 0 ? "" : i + 1 == words.size() ? " or " : ", ").append(words[i]);
  }
  return text;
}

template <class Field>
std::string type_name(const base::About& about) {
  if constexpr (std::is_enum_v<Field>) {
    return one_of(about.words);
  } else if constexpr (std::is_same_v<Field, bool>) {
    return "true or false";
  } else if constexpr (std::is_same_v<Field, double>) {
    return "a number";
  } else {
    return "a whole number";
  }
}

struct Renamed {
  std::string_view old;
  std::string_view now;
  // What it takes, where that is something else.
  std::string_view takes = {};
};

constexpr auto renamed = std::to_array<Renamed>({
    {"route.normalize_paths", "route.odd_paths", "a word in place of true or false"},
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
    {"handle.pool_per_dependency", "handle.pool.total", "a number of connections (0: no bound)"},
    {"handle.pool.per_replica", "handle.pool.total", "a number of connections (0: no bound)"},
    {"handle.pool_limit", "handle.pool.limit"},
    {"handle.pool_idle_timeout", "handle.pool.idle_timeout"},
});

[[noreturn]] void unknown(std::string_view name) {
  const auto* found = std::ranges::find(renamed, name, &Renamed::old);
  if (found == renamed.end()) {
    throw std::invalid_argument("unknown setting '" + std::string(name) + "'");
  }
  std::string sentence =
      "setting " + std::string(name) + " is called " + std::string(found->now) + " now";
  if (!found->takes.empty()) {
    sentence.append(", and takes ").append(found->takes);
  }
  throw std::invalid_argument(sentence);
}

}  // namespace

std::vector<FieldInfo> field_infos() {
  std::vector<FieldInfo> infos;
  const Settings defaults;
  for_each_field(defaults, [&](std::string name, auto& field, const base::About& about) {
    infos.push_back({std::move(name),
                     type_name<std::remove_cvref_t<decltype(field)>>(about),
                     std::string(about.unit),
                     about.low,
                     about.high,
                     std::string(about.meaning),
                     {about.words.begin(), about.words.end()}});
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
    const auto parsed = from_text<Field>(value, about);
    if (!parsed) {
      throw std::invalid_argument("setting " + each + " takes " + type_name<Field>(about) +
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
  for_each_field(settings, [&](const std::string& each, auto& field, const base::About& about) {
    if (each == name) {
      text = to_text(field, about);
    }
  });
  if (!text) {
    unknown(name);
  }
  return *text;
}

}  // namespace sevenstops::service
