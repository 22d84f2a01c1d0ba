#include "load/sha256.hpp"

#include <gtest/gtest.h>

namespace sevenstops::load {
namespace {

TEST(Sha256, IsThatOfAllPieces) {
  Sha256 digest;
  EXPECT_EQ(digest.hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  digest.update("a");
  (void)digest.hex();
  digest.update("bc");
  // FIPS 180-2, B.1.
  EXPECT_EQ(digest.hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace sevenstops::load
