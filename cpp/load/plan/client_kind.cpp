#include "load/plan/client_kind.hpp"

namespace sevenstops::load {
namespace {

std::map<std::string_view, ClientKind>& registry() {
  static std::map<std::string_view, ClientKind> kinds;
  return kinds;
}

}  // namespace

const std::map<std::string_view, ClientKind>& client_kinds() { return registry(); }

const ClientKind* client_kind(std::string_view name) {
  const auto found = registry().find(name);
  return found == registry().end() ? nullptr : &found->second;
}

RegisterClient::RegisterClient(ClientKind kind) {
  const auto name = kind.name;
  registry().emplace(name, std::move(kind));
}

}  // namespace sevenstops::load
