#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

namespace sevenstops::load {

/// The ids of a list's rows, whole numbers or texts, and which of them came again. Lists are mostly
/// in the order of their ids: then an id takes as much room as its value, else that of a set.
class RowIds {
 public:
  void add(std::int64_t id) { add(numbers_, id); }
  void add(const std::string& id) {
    texts_bytes_ += id.size();
    add(texts_, id);
  }
  void add_nameless() { ++nameless_; }

  [[nodiscard]] std::uint64_t distinct() const { return distinct_; }
  [[nodiscard]] std::uint64_t repeated() const { return repeated_; }
  /// Rows without an id.
  [[nodiscard]] std::uint64_t nameless() const { return nameless_; }
  /// Whether they take more room than a list may have: some millions of rows.
  [[nodiscard]] bool too_many() const {
    constexpr std::uint64_t each = 64;
    constexpr std::uint64_t most_bytes = std::uint64_t{512} << 20;
    return distinct_ * each + texts_bytes_ > most_bytes;
  }

 private:
  template <class Id>
  struct Seen {
    std::deque<Id> ascending;
    std::unordered_set<Id> others;
    bool insert(const Id& id);
  };
  template <class Id>
  void add(Seen<Id>& seen, const Id& id) {
    ++(seen.insert(id) ? distinct_ : repeated_);
  }

  Seen<std::int64_t> numbers_;
  Seen<std::string> texts_;
  std::uint64_t texts_bytes_ = 0;
  std::uint64_t distinct_ = 0;
  std::uint64_t repeated_ = 0;
  std::uint64_t nameless_ = 0;
};

/// Reads one page of a list as its JSON comes, keeping nothing of it but the ids of its rows and
/// the path of the next page. Rows are the objects of the first member that is an array.
class Page {
 public:
  explicit Page(RowIds& ids);
  ~Page();
  Page(const Page&) = delete;
  Page& operator=(const Page&) = delete;

  /// False for what is no such page, or beyond a bound; `why` has the reason then.
  [[nodiscard]] bool feed(std::string_view piece);
  /// After the last piece; the same.
  [[nodiscard]] bool finish();
  /// The path of the next page; nothing at the list's end.
  [[nodiscard]] const std::optional<std::string>& next() const;
  [[nodiscard]] std::string_view why() const;

 private:
  struct Reader;
  std::unique_ptr<Reader> reader_;
};

}  // namespace sevenstops::load
