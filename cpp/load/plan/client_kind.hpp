#pragma once

#include <map>
#include <string_view>
#include <vector>

#include "load/tasks/task.hpp"

namespace sevenstops::load {

class Worker;
struct Crowd;
struct CrowdRecord;

/// A kind of client that misbehaves, or goes its own way. A new one is a new file in load/clients
/// that registers itself.
struct ClientKind {
  std::string_view name;
  /// What it does and which fields of its crowd say how, for people.
  std::string_view meaning;
  /// Fields that have to be above 0.
  std::vector<std::string_view> needs;
  /// Whether it goes on until the load ends, and need not be waited for.
  bool lasting = false;
  Task<> (*run)(Worker& worker, const Crowd& crowd, CrowdRecord& record) = nullptr;
};

/// All that have registered, by name.
[[nodiscard]] const std::map<std::string_view, ClientKind>& client_kinds();
/// nullptr when there is none of this name.
[[nodiscard]] const ClientKind* client_kind(std::string_view name);

/// Makes a kind known: `const RegisterClient registered({.name = …});` in the file of the client.
struct RegisterClient {
  explicit RegisterClient(ClientKind kind);
};

}  // namespace sevenstops::load
