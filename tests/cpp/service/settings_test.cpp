#include "service/settings.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace sevenstops::service {
namespace {

TEST(Settings, EveryFieldReadsBackWhatWasWritten) {
  for (const auto& info : field_infos()) {
    Settings settings = hardened();
    const auto text = get_field(fragile(), info.name);
    set_field(settings, info.name, text);
    EXPECT_EQ(get_field(settings, info.name), text);
    EXPECT_FALSE(info.meaning.empty());
  }
}

TEST(Settings, RefusesInOneSentence) {
  Settings settings;
  EXPECT_THROW(set_field(settings, "accept.backlogs", "1"), std::invalid_argument);
  EXPECT_THROW(set_field(settings, "accept.backlog", "0"), std::invalid_argument);
  EXPECT_THROW(set_field(settings, "accept.backlog", "16x"), std::invalid_argument);
  EXPECT_THROW(set_field(settings, "parse.head_timeout", "nan"), std::invalid_argument);
  EXPECT_THROW(set_field(settings, "route.tree", "maybe"), std::invalid_argument);
  EXPECT_THROW(set_field(settings, "route.odd_paths", "2"), std::invalid_argument);
  EXPECT_THROW(set_field(settings, "route.odd_paths", ""), std::invalid_argument);
  EXPECT_TRUE(settings == hardened());
}

TEST(Settings, AChoiceIsOneOfItsWords) {
  Settings settings;
  for (const auto& info : field_infos()) {
    for (const auto& word : info.words) {
      set_field(settings, info.name, word);
      EXPECT_EQ(get_field(settings, info.name), word);
    }
  }
  set_field(settings, "route.odd_paths", "refuse");
  EXPECT_EQ(settings.route.odd_paths, stops::OddPaths::refuse);
  try {
    set_field(settings, "route.odd_paths", "true");
    FAIL() << "it was taken";
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(error.what(),
                 "setting route.odd_paths takes match, raw, redirect or refuse, not 'true'");
  }
}

TEST(Settings, AnOldNameIsRefusedWithTheNewOne) {
  Settings settings;
  try {
    set_field(settings, "handle.pool_per_dependency", "true");
    FAIL() << "it was taken";
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(error.what(),
                 "setting handle.pool_per_dependency is called handle.pool.total now, and takes a "
                 "number of connections (0: no bound)");
  }
  EXPECT_THROW(set_field(settings, "handle.pool.per_replica", "true"), std::invalid_argument);
  EXPECT_THROW((void)get_field(settings, "handle.hedges"), std::invalid_argument);
  EXPECT_THROW(set_field(settings, "route.normalize_paths", "true"), std::invalid_argument);
}

}  // namespace
}  // namespace sevenstops::service
