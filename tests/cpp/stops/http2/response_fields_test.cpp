#include "stops/http2/response_fields.hpp"

#include <gtest/gtest.h>

#include "http/response.hpp"

namespace sevenstops::stops {
namespace {

TEST(ResponseFields, SayWhatTheHeadOfHttp1Says) {
  std::string head;
  http::append_head(
      head, {.status = 429, .content_type = "text/plain", .retry_after = 7, .content_length = 12});
  const ResponseFields fields(head);
  std::string text;
  for (const auto& each : fields.all()) {
    text.append(reinterpret_cast<const char*>(each.name), each.namelen).append("=");
    text.append(reinterpret_cast<const char*>(each.value), each.valuelen).append("\n");
  }
  EXPECT_TRUE(text.starts_with(":status=429\nserver=sevenstops\ndate="));
  EXPECT_TRUE(text.ends_with(" GMT\ncontent-type=text/plain\nretry-after=7\ncontent-length=12\n"))
      << text;
}

TEST(ResponseFields, AnInterimHeadIsItsStatus) {
  std::string head;
  http::append_interim(head, 100);
  const ResponseFields fields(head);
  ASSERT_EQ(fields.all().size(), 1U);
}

}  // namespace
}  // namespace sevenstops::stops
