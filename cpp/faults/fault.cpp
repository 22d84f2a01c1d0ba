#include "faults/fault.hpp"

#include <stdexcept>

#include "base/numbers.hpp"

namespace sevenstops::faults {
namespace {

std::map<std::string_view, FaultKind>& registry() {
  static std::map<std::string_view, FaultKind> kinds;
  return kinds;
}

}  // namespace

const std::map<std::string_view, FaultKind>& fault_kinds() { return registry(); }

RegisterFault::RegisterFault(FaultKind kind) { registry().emplace(kind.name, kind); }

std::shared_ptr<const Fault> make_fault(std::string_view text) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos) {
    throw std::invalid_argument("--fault takes NAME=VALUE, not '" + std::string(text) + "'");
  }
  const auto name = text.substr(0, equals);
  const auto found = registry().find(name);
  if (found == registry().end()) {
    throw std::invalid_argument("unknown fault '" + std::string(name) + "'");
  }
  return found->second.make(text.substr(equals + 1));
}

std::vector<std::string_view> parts(std::string_view value, std::size_t count,
                                    std::string_view fault, std::string_view usage) {
  std::vector<std::string_view> found;
  for (auto rest = value;;) {
    const auto slash = rest.find('/');
    found.push_back(rest.substr(0, slash));
    if (slash == std::string_view::npos) {
      break;
    }
    rest.remove_prefix(slash + 1);
  }
  if (found.size() != count) {
    throw std::invalid_argument("fault " + std::string(fault) + " is " + std::string(usage) +
                                ", not '" + std::string(value) + "'");
  }
  return found;
}

double number(std::string_view fault, std::string_view text, double low, double high) {
  const auto value = base::parse_number<double>(text);
  if (!value || *value < low || *value > high) {
    throw std::invalid_argument("fault " + std::string(fault) + " cannot be '" + std::string(text) +
                                "'");
  }
  return *value;
}

}  // namespace sevenstops::faults
