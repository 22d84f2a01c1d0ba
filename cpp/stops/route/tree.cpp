#include "stops/route/tree.hpp"

#include <functional>
#include <utility>

#include "stops/route/pattern.hpp"

namespace sevenstops::stops {
namespace {

constexpr std::uint64_t spread = 0x9e3779b97f4a7c15;

std::uint64_t hash_below(std::uint64_t hash, std::string_view segment) {
  hash = (hash + std::hash<std::string_view>{}(segment)) * spread;
  return hash ^ (hash >> 32);
}

std::uint64_t hash_below_parameter(std::uint64_t hash) { return (hash ^ spread) * spread; }

constexpr std::uint32_t low(std::uint64_t hash) { return static_cast<std::uint32_t>(hash); }

}  // namespace

RouteTree::RouteTree() : slots_(16) { add(none, {}); }

RouteTree::Index RouteTree::add(Index parent, std::string_view name) {
  nodes_.push_back({.name = static_cast<std::uint32_t>(names_.size()),
                    .size = static_cast<std::uint32_t>(name.size()),
                    .parent = parent});
  names_.append(name);
  return static_cast<Index>(nodes_.size() - 1);
}

void RouteTree::place(Slot slot) {
  const auto mask = slots_.size() - 1;
  auto at = slot.hash & mask;
  while (slots_[at].node != none) {
    at = (at + 1) & mask;
  }
  slots_[at] = slot;
}

void RouteTree::add_edge(std::uint64_t hash, Index node) {
  if (4 * ++edges_ > 3 * slots_.size()) {
    const auto old = std::exchange(slots_, std::vector<Slot>(2 * slots_.size()));
    for (const auto& slot : old) {
      if (slot.node != none) {
        place(slot);
      }
    }
  }
  place({.hash = low(hash), .node = node});
}

RouteTree::Index RouteTree::child(Index parent, std::uint64_t hash,
                                  std::string_view segment) const {
  const auto mask = slots_.size() - 1;
  for (auto at = low(hash) & mask; slots_[at].node != none; at = (at + 1) & mask) {
    if (slots_[at].hash != low(hash)) {
      continue;
    }
    const auto& node = nodes_[slots_[at].node];
    if (node.parent == parent && std::string_view(names_).substr(node.name, node.size) == segment) {
      return slots_[at].node;
    }
  }
  return none;
}

// The node below by a segment of a pattern.
RouteTree::Index RouteTree::step(Index node, std::uint64_t& hash, std::string_view segment) const {
  switch (kind_of(segment)) {
    case SegmentKind::parameter:
      hash = hash_below_parameter(hash);
      return nodes_[node].parameter;
    case SegmentKind::wildcard:
      return nodes_[node].wildcard;
    case SegmentKind::fixed:
      break;
  }
  hash = hash_below(hash, segment);
  return child(node, hash, segment);
}

RouteTree::Index RouteTree::node_of(std::string_view pattern) const {
  Index node = 0;
  std::uint64_t hash = 0;
  while (!pattern.empty() && node != none) {
    node = step(node, hash, next_segment(pattern));
  }
  return node;
}

RouteTree::Index RouteTree::make(std::string_view pattern) {
  Index node = 0;
  std::uint64_t hash = 0;
  while (!pattern.empty()) {
    const auto segment = next_segment(pattern);
    auto below = step(node, hash, segment);
    if (below == none) {
      below = add(node, segment);
      const auto kind = kind_of(segment);
      if (kind == SegmentKind::fixed) {
        add_edge(hash, below);
      } else {
        (kind == SegmentKind::parameter ? nodes_[node].parameter : nodes_[node].wildcard) = below;
      }
    }
    node = below;
  }
  return node;
}

RouteTree::Value RouteTree::find(std::string_view path, std::string_view& parameter) const {
  return find(0, 0, path, parameter);
}

RouteTree::Value RouteTree::find(Index node, std::uint64_t hash, std::string_view rest,
                                 std::string_view& parameter) const {
  if (rest.empty()) {
    return nodes_[node].value;
  }
  const auto remaining = rest.substr(1);
  const auto segment = next_segment(rest);
  const auto below = hash_below(hash, segment);
  if (const auto next = child(node, below, segment); next != none) {
    if (const auto value = find(next, below, rest, parameter); value.number != none) {
      return value;
    }
  }
  if (nodes_[node].parameter != none && !segment.empty()) {
    const auto value = find(nodes_[node].parameter, hash_below_parameter(hash), rest, parameter);
    if (value.number != none) {
      // One further down is the last.
      parameter = parameter.data() == nullptr ? segment : parameter;
      return value;
    }
  }
  if (nodes_[node].wildcard != none && !remaining.empty()) {
    parameter = remaining;
    return nodes_[nodes_[node].wildcard].value;
  }
  return {};
}

}  // namespace sevenstops::stops
