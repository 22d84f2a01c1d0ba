#pragma once

#include <cstdint>

#include "base/setting.hpp"

namespace sevenstops::stops {

/// Which answers travel compressed, to clients that ask for it. Exports never do: each would hold a
/// compressor for as long as its reader takes.
struct CompressSettings {
  bool enabled = true;
  bool everything = false;
  std::int64_t least = 1400;
  std::int64_t level = 1;
  std::int64_t off_loop = 65536;

  bool operator==(const CompressSettings&) const = default;

  template <class Self, class Visit>
  static void fields(Self& s, Visit&& visit) {
    visit("enabled", s.enabled,
          base::about_switch("compress answers for clients whose Accept-Encoding names gzip or "
                             "zstd; no answer here holds a secret beside what a caller sent"));
    visit("everything", s.everything,
          base::about_switch("compress small answers and bytes of any type as well, also where "
                             "that saves less than a tenth"));
    visit("least", s.least,
          {"bytes", 0, base::gibibyte,
           "the smallest answer that is compressed; less fits into one segment in any case"});
    visit("level", s.level, {"", 1, 9, "the level, as zlib and zstd count it"});
    visit("off_loop", s.off_loop,
          {"bytes", 0, base::gibibyte,
           "an answer of so many is compressed by a thread of its own, and is sent as it is while "
           "that has another one"});
  }
};

/// Serialize: how results become bytes.
struct SerializeSettings {
  std::int64_t page_limit = 100;
  bool compiled = true;
  bool entity_tags = true;
  CompressSettings compress;

  bool operator==(const SerializeSettings&) const = default;

  template <class Self, class Visit>
  static void fields(Self& s, Visit&& visit) {
    visit("page_limit", s.page_limit,
          {"rows", 1, 1000000,
           "most rows in one answer; a larger limit= is cut to it, and next tells where the rest "
           "is"});
    visit("compiled", s.compiled,
          base::about_switch(
              "serializer compiled from the schema instead of a generic JSON document"));
    visit("entity_tags", s.entity_tags,
          base::about_switch("pages of rows and what stays the same for long have an ETag, "
                             "and who has them already gets 304"));
    visit.group("compress", s.compress);
  }
};

}  // namespace sevenstops::stops
