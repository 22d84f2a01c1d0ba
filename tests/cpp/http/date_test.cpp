#include "http/date.hpp"

#include <gtest/gtest.h>

namespace sevenstops::http {
namespace {

TEST(Date, IsTheFixedFormOfTheRfc) {
  // The example of RFC 9110, 5.6.7.
  EXPECT_EQ(date_of(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(date_of(0), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(date_of(951782400), "Tue, 29 Feb 2000 00:00:00 GMT");
}

TEST(Date, NowIsNow) {
  const auto before = std::time(nullptr);
  const auto now = std::string(date_now());
  const auto after = std::time(nullptr);
  EXPECT_TRUE(now == date_of(before) || now == date_of(after)) << now;
}

}  // namespace
}  // namespace sevenstops::http
