#include "http/negotiation.hpp"

#include <gtest/gtest.h>

#include <initializer_list>

namespace sevenstops::http {
namespace {

Request with(std::string_view name, std::initializer_list<std::string_view> values) {
  Request request;
  for (const auto value : values) {
    request.fields.push_back({name, value});
  }
  return request;
}

Coding chosen(std::initializer_list<std::string_view> values) {
  return preferred_coding(with("Accept-Encoding", values));
}

TEST(Negotiation, WhoSaysNothingGetsTheBytesAsTheyAre) {
  EXPECT_EQ(chosen({}), Coding::identity);
  EXPECT_EQ(chosen({""}), Coding::identity);
  EXPECT_EQ(chosen({"br, deflate"}), Coding::identity);
}

TEST(Negotiation, TheHighestQualityWins) {
  EXPECT_EQ(chosen({"gzip"}), Coding::gzip);
  EXPECT_EQ(chosen({"X-GZIP"}), Coding::gzip);
  EXPECT_EQ(chosen({"gzip, deflate, br, zstd"}), Coding::zstd);
  EXPECT_EQ(chosen({"gzip;q=0.8, zstd;q=0.799"}), Coding::gzip);
  EXPECT_EQ(chosen({"gzip", "zstd ; q=0.5"}), Coding::gzip);
  EXPECT_EQ(chosen({"gzip;q=0.5, identity"}), Coding::identity);
  EXPECT_EQ(chosen({"gzip, identity"}), Coding::gzip);
  EXPECT_EQ(chosen({"gzip;Q=1.000"}), Coding::gzip);
}

TEST(Negotiation, NoughtRefusesAndAStarStandsForTheOthers) {
  EXPECT_EQ(chosen({"gzip;q=0"}), Coding::identity);
  EXPECT_EQ(chosen({"gzip;q=0.000, zstd;q=0"}), Coding::identity);
  EXPECT_EQ(chosen({"*"}), Coding::zstd);
  EXPECT_EQ(chosen({"zstd;q=0, *;q=0.5"}), Coding::gzip);
  EXPECT_EQ(chosen({"gzip;q=0.2, *;q=0.5, zstd;q=0"}), Coding::identity);
  // It wants nothing that there is.
  EXPECT_EQ(chosen({"identity;q=0"}), Coding::identity);
  EXPECT_EQ(chosen({"*;q=0"}), Coding::identity);
}

TEST(Negotiation, WhatCanNotBeReadStandsForNothing) {
  for (const auto* value : {"gzip;q=2", "gzip;q=1.001", "gzip;q=0.1234", "gzip;q=", "gzip;q=x",
                            "gzip;q=.5", "gzip;q=01", "gzip;level=3", "gzip;q=1;q=1", "gz ip",
                            "gzip;q=-1", "gzip;q=1.", ";q=1", ",,"}) {
    const bool whole_with_dot = std::string_view(value) == "gzip;q=1.";
    EXPECT_EQ(chosen({value}), whole_with_dot ? Coding::gzip : Coding::identity) << value;
  }
  EXPECT_EQ(chosen({"gzip;q=x, zstd;q=0.1"}), Coding::zstd);
}

bool names(std::initializer_list<std::string_view> values, std::string_view tag) {
  return none_match_names(with("if-none-match", values), tag);
}

TEST(Negotiation, EntityTagsAreComparedWeakly) {
  EXPECT_FALSE(names({}, "\"a\""));
  EXPECT_TRUE(names({"\"a\""}, "\"a\""));
  EXPECT_TRUE(names({"W/\"a\""}, "\"a\""));
  EXPECT_TRUE(names({" * "}, "\"a\""));
  EXPECT_TRUE(names({"\"b\" ,\t\"a\""}, "\"a\""));
  EXPECT_TRUE(names({"\"b\"", "\"a\""}, "\"a\""));
  EXPECT_TRUE(names({"\"b,\", \"a\""}, "\"a\""));
  EXPECT_TRUE(names({",, \"b\",,\"a\","}, "\"a\""));
  for (const auto* value :
       {"a", "\"ab\"", "\"a", "w/\"a\"", "\"b\" \"a\"", "*, \"a\"", "\"b\",a\"", ""}) {
    EXPECT_FALSE(names({value}, "\"a\"")) << value;
  }
}

TEST(Negotiation, AWeakTagIsItsOwnInAList) {
  EXPECT_TRUE(names({"W/\"a\""}, "W/\"a\""));
  EXPECT_TRUE(names({"\"a\""}, "W/\"a\""));
  EXPECT_FALSE(names({"\"b\""}, "W/\"a\""));
}

bool denies(std::initializer_list<std::string_view> values, std::string_view tag) {
  return match_denies(with("If-Match", values), tag);
}

TEST(Negotiation, IfMatchComparesStrongly) {
  EXPECT_FALSE(denies({}, "\"a\""));
  EXPECT_FALSE(denies({"\"a\""}, "\"a\""));
  EXPECT_FALSE(denies({"\"b\"", "\"a\""}, "\"a\""));
  EXPECT_FALSE(denies({"*"}, "\"a\""));
  EXPECT_TRUE(denies({"W/\"a\""}, "\"a\""));
  EXPECT_TRUE(denies({"\"b\""}, "\"a\""));
  EXPECT_TRUE(denies({""}, "\"a\""));
}

}  // namespace
}  // namespace sevenstops::http
