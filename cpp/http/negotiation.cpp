#include "http/negotiation.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "http/characters.hpp"

namespace sevenstops::http {
namespace {

// What stands before the next `separator`, which is taken from `rest` with it.
std::string_view take_until(std::string_view& rest, char separator) {
  const auto end = std::min(rest.find(separator), rest.size());
  const auto taken = trim(rest.substr(0, end));
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return taken;
}

// RFC 9110, 12.4.2, in thousandths: 0 or 1 with up to three decimals. Nothing for another form.
std::optional<int> quality(std::string_view text) {
  constexpr std::size_t longest = 5;
  constexpr int whole = 1000;
  if (text.empty() || text.size() > longest || (text[0] != '0' && text[0] != '1') ||
      (text.size() > 1 && text[1] != '.')) {
    return std::nullopt;
  }
  int thousandths = (text[0] - '0') * whole;
  int worth = whole / 10;
  for (const char digit : text.substr(std::min<std::size_t>(2, text.size()))) {
    if (!is_digit(digit)) {
      return std::nullopt;
    }
    thousandths += (digit - '0') * worth;
    worth /= 10;
  }
  return thousandths <= whole ? std::optional(thousandths) : std::nullopt;
}

// What a client says of each coding, in thousandths.
struct Liked {
  std::array<std::optional<int>, 3> codings;
  std::optional<int> others;

  void add(std::string_view element) {
    constexpr int most = 1000;
    const auto coding = take_until(element, ';');
    std::optional<int> worth = most;
    if (!element.empty()) {
      const auto weight = trim(element);
      const bool is_weight = weight.size() > 2 && (weight[0] | 0x20) == 'q' && weight[1] == '=';
      worth = is_weight ? quality(weight.substr(2)) : std::nullopt;
    }
    if (!worth) {
      return;
    }
    if (coding == "*") {
      others = worth;
    } else if (iequals(coding, "zstd")) {
      codings[static_cast<std::size_t>(Coding::zstd)] = worth;
    } else if (iequals(coding, "gzip") || iequals(coding, "x-gzip")) {
      codings[static_cast<std::size_t>(Coding::gzip)] = worth;
    } else if (iequals(coding, "identity")) {
      codings[static_cast<std::size_t>(Coding::identity)] = worth;
    }
  }

  [[nodiscard]] int of(Coding coding) const {
    return codings[static_cast<std::size_t>(coding)].value_or(others.value_or(0));
  }
};

// An entity tag without what says that it is weak.
std::string_view opaque(std::string_view tag) { return tag.substr(tag.starts_with("W/") ? 2 : 0); }

// Whether a list of tags, or `*`, holds one. A tag may have a comma in it: what ends it is its
// quotation mark.
bool lists(std::string_view rest, std::string_view tag, bool weakly) {
  if (rest == "*") {
    return true;
  }
  while (!rest.empty()) {
    // An element may be empty (RFC 9110, 5.6.1.2).
    if (rest.starts_with(',')) {
      rest = trim(rest.substr(1));
      continue;
    }
    const auto named = opaque(rest);
    const auto end = named.starts_with('"') ? named.find('"', 1) : std::string_view::npos;
    if (end == std::string_view::npos) {
      break;
    }
    const bool weak = named.size() != rest.size();
    if (named.substr(0, end + 1) == tag && (weakly || !weak)) {
      return true;
    }
    rest = trim(named.substr(end + 1));
    if (!rest.empty() && !rest.starts_with(',')) {
      break;
    }
  }
  return false;
}

// Whether the fields of this name list a tag; nothing where there are none.
std::optional<bool> find_tag(const Request& request, std::string_view name, std::string_view tag,
                             bool weakly) {
  std::optional<bool> found;
  for (const auto& field : request.fields) {
    if (iequals(field.name, name)) {
      found = found.value_or(false) || lists(trim(field.value), tag, weakly);
    }
  }
  return found;
}

}  // namespace

std::string_view name_of(Coding coding) {
  constexpr std::array<std::string_view, 3> names = {"identity", "gzip", "zstd"};
  return names[static_cast<std::size_t>(coding)];
}

Coding preferred_coding(const Request& request) {
  Liked liked;
  for (const auto& field : request.fields) {
    if (!iequals(field.name, "accept-encoding")) {
      continue;
    }
    for (auto rest = field.value; !rest.empty();) {
      liked.add(take_until(rest, ','));
    }
  }
  auto best = Coding::identity;
  int most = 0;
  for (const auto coding : {Coding::zstd, Coding::gzip}) {
    if (liked.of(coding) > most) {
      most = liked.of(coding);
      best = coding;
    }
  }
  return liked.of(Coding::identity) > most ? Coding::identity : best;
}

bool none_match_names(const Request& request, std::string_view entity_tag) {
  return find_tag(request, "if-none-match", opaque(entity_tag), true).value_or(false);
}

bool match_denies(const Request& request, std::string_view entity_tag) {
  return !find_tag(request, "if-match", entity_tag, false).value_or(true);
}

}  // namespace sevenstops::http
