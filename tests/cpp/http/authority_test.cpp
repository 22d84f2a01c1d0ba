#include "http/authority.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sevenstops::http {
namespace {

TEST(Authority, IsANameOrAnAddressWithAPortOrWithout) {
  for (const std::string taken :
       {"a", "a.test", "A-b_c~d.1", "127.0.0.1", "a:", "a:0", "a:80", "a:65535", "[::]", "[::1]:80",
        "[::1]:", "[1:2:3:4:5:6:7:8]", "[::ffff:1.2.3.4]"}) {
    EXPECT_TRUE(valid_authority(taken)) << taken;
  }
}

TEST(Authority, WhatIsNoHostIsNone) {
  for (const std::string refused : {"",
                                    ":80",
                                    "a:b",
                                    "a:80:80",
                                    "a:65536",
                                    "a:99999",
                                    "a:+1",
                                    "a:000001",
                                    "u@a",
                                    "a/b",
                                    "a,b",
                                    "a b",
                                    "[",
                                    "[]",
                                    "[::1",
                                    "[abc]",
                                    "[...]",
                                    "[::::::]",
                                    "[1:2:3:4:5:6:7:8:9]",
                                    "[::1%1]",
                                    "[::1]a",
                                    "[::1]:x",
                                    "[v1.a]",
                                    "[127.0.0.1]"}) {
    EXPECT_FALSE(valid_authority(refused)) << refused;
  }
}

}  // namespace
}  // namespace sevenstops::http
