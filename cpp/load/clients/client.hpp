#pragma once

#include <map>
#include <string_view>
#include <vector>

#include "load/engine/task.hpp"
#include "load/plan/plan.hpp"

namespace sevenstops::load {

class LoadThread;
struct CrowdRecord;

/// A kind of client that misbehaves. A new one is a new file here that registers itself.
struct ClientKind {
  std::string_view name;
  /// What it does and which fields of its crowd say how, for people.
  std::string_view meaning;
  /// Fields that have to be above 0.
  std::vector<std::string_view> needs;
  /// Whether it goes on until the load ends, and need not be waited for.
  bool lasting = false;
  Task<> (*run)(LoadThread& thread, const Crowd& crowd, CrowdRecord& record) = nullptr;
};

[[nodiscard]] const std::map<std::string_view, ClientKind>& client_kinds();
/// nullptr when there is none of this name.
[[nodiscard]] const ClientKind* client_kind(std::string_view name);

struct RegisterClient {
  explicit RegisterClient(ClientKind kind);
};

}  // namespace sevenstops::load
