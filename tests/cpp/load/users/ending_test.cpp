#include <gtest/gtest.h>

#include <cerrno>

#include "load/users/users.hpp"

namespace sevenstops::load {
namespace {

TEST(Ending, FollowsTheErrno) {
  EXPECT_EQ(ending_of(EMFILE, Ending::connect_error, false), Ending::no_socket);
  EXPECT_EQ(ending_of(EADDRNOTAVAIL, Ending::connect_error, false), Ending::no_socket);
  EXPECT_EQ(ending_of(ETIMEDOUT, Ending::connect_error, false), Ending::connect_timeout);
  EXPECT_EQ(ending_of(ETIMEDOUT, Ending::reset, false), Ending::read_timeout);
  EXPECT_EQ(ending_of(ECONNREFUSED, Ending::connect_error, false), Ending::connect_error);
  EXPECT_EQ(ending_of(ECONNRESET, Ending::reset, false), Ending::reset);
}

TEST(Ending, WhatTheEndOfTheLoadCutsShortIsLost) {
  EXPECT_EQ(ending_of(ECANCELED, Ending::reset, true), Ending::lost);
  EXPECT_EQ(ending_of(ETIMEDOUT, Ending::connect_error, true), Ending::lost);
  EXPECT_EQ(ending_of(ECONNRESET, Ending::reset, true), Ending::reset);
}

}  // namespace
}  // namespace sevenstops::load
