#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sevenstops::stops {

/// A radix tree over the segments of patterns. Its nodes lie in one row, and all edges of static
/// names in one hash table, so that a step costs as much beneath ten names as beneath ten thousand.
class RouteTree {
 public:
  using Index = std::uint32_t;
  static constexpr Index none = ~Index{0};

  RouteTree();

  /// The node of a pattern, which is made when it is new.
  [[nodiscard]] Index make(std::string_view pattern);
  /// The node of a pattern, whatever its parameters are called; none where there is none.
  [[nodiscard]] Index node_of(std::string_view pattern) const;

  /// What a node leads to: a number of its owner's, `none` at first, and a word that goes with it.
  struct Value {
    Index number = none;
    std::uint32_t word = 0;
  };
  [[nodiscard]] Value value(Index node) const { return nodes_[node].value; }
  void set_value(Index node, Value value) { nodes_[node].value = value; }

  /// The value of the node that a path, which begins with a slash, ends at: static before parameter
  /// before wildcard, segment by segment from the left, going back where that led nowhere.
  /// `parameter` is what the last parameter or the wildcard took of it.
  [[nodiscard]] Value find(std::string_view path, std::string_view& parameter) const;

 private:
  // With the edge that leads to it, whose name is a part of `names_`. All that a step looks at is
  // small and lies together: among many routes it is memory that takes the time.
  struct Node {
    std::uint32_t name = 0;
    std::uint32_t size = 0;
    Index parent = none;
    Index parameter = none;
    Index wildcard = none;
    Value value;
  };
  // `hash` is that of all names from the root to the node. So the place of each step is known from
  // the path alone, before the steps above it have been read.
  struct Slot {
    std::uint32_t hash = 0;
    Index node = none;
  };

  [[nodiscard]] Index child(Index parent, std::uint64_t hash, std::string_view segment) const;
  [[nodiscard]] Value find(Index node, std::uint64_t hash, std::string_view rest,
                           std::string_view& parameter) const;
  [[nodiscard]] Index step(Index node, std::uint64_t& hash, std::string_view segment) const;
  Index add(Index parent, std::string_view name);
  void add_edge(std::uint64_t hash, Index node);
  void place(Slot slot);

  std::vector<Node> nodes_;
  std::string names_;
  // A power of two, at most three quarters of them taken.
  std::vector<Slot> slots_;
  std::size_t edges_ = 0;
};

}  // namespace sevenstops::stops
