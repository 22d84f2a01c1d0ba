#include "stops/serialize/json_text.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cmath>
#include <limits>
#include <random>

namespace sevenstops::stops {
namespace {

template <class Value>
std::string written(const Value& value) {
  std::string out;
  JsonText json(out);
  json.value(value);
  json.flush();
  return out;
}

std::string text(std::string_view value) { return written(value); }

// Wherever in a word of eight bytes it stands, and whatever its neighbours are.
TEST(JsonText, EveryByteIsWrittenAsBoostWritesIt) {
  for (int c = 0; c < 0x80; ++c) {
    for (std::size_t size = 1; size <= 20; ++size) {
      for (std::size_t at = 0; at < size; ++at) {
        std::string value(size, '!');
        value[at] = static_cast<char>(c);
        ASSERT_EQ(text(value), boost::json::serialize(boost::json::value(value))) << c << " " << at;
      }
    }
  }
  EXPECT_EQ(text(""), "\"\"");
  EXPECT_EQ(
      text(std::string(9, '\0')), "\"" + [] {
        std::string all;
        for (int i = 0; i < 9; ++i) all += "\\u0000";
        return all;
      }() + "\"");
}

TEST(JsonText, RandomBytesAreWrittenAsBoostWritesThem) {
  std::mt19937 random(1);
  constexpr std::string_view some = "\"\\\x1f\x20\x21\x7f\xc3\xbc\n\x01z";
  for (int i = 0; i < 20000; ++i) {
    std::string value;
    for (auto left = random() % 40; left > 0; --left) {
      value += some[random() % some.size()];
    }
    ASSERT_EQ(text(value), boost::json::serialize(boost::json::value(value)));
  }
}

TEST(JsonText, TextsLargerThanTheBufferComeWhole) {
  for (const std::size_t size : {682U, 683U, 4095U, 4096U, 4097U, 100000U}) {
    std::string out = "before";
    {
      JsonText json(out);
      json.raw("[");
      json.value(std::string_view(std::string(size, '"')));
      json.value(std::int64_t{7});
      json.raw(std::string(size, ']'));
      json.value(std::string_view("end"));
      json.flush();
    }
    std::string expected = "before[\"";
    for (std::size_t i = 0; i < size; ++i) {
      expected += "\\\"";
    }
    EXPECT_EQ(out, expected + "\"7" + std::string(size, ']') + "\"end\"");
  }
}

TEST(JsonText, IntegersAtTheirBounds) {
  EXPECT_EQ(written(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(written(std::numeric_limits<std::int64_t>::max()), "9223372036854775807");
  EXPECT_EQ(written(std::int64_t{0}), "0");
}

TEST(JsonText, NumbersReadBackAsTheSame) {
  using Limits = std::numeric_limits<double>;
  for (const double number : {0.0, -0.0, 1.0, -1e15, 0.1, 1e300, 1e-300, Limits::max(),
                              Limits::min(), Limits::denorm_min(), 5e-324, 123456789012345680.0}) {
    const auto out = written(number);
    const double read = boost::json::parse(out).as_double();
    EXPECT_EQ(read, number) << out;
    EXPECT_EQ(std::signbit(read), std::signbit(number)) << out;
  }
  for (const double number : {Limits::infinity(), -Limits::infinity(), Limits::quiet_NaN()}) {
    EXPECT_EQ(written(number), "null");
  }
}

}  // namespace
}  // namespace sevenstops::stops
