#include "http/response.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "http/date.hpp"

namespace sevenstops::http {
namespace {

std::string head(const ResponseHead& about) {
  std::string out;
  append_head(out, about);
  const auto date = out.find("\r\nDate: ");
  EXPECT_NE(date, std::string::npos);
  return out.erase(date, std::string("\r\nDate: ").size() + date_now().size());
}

TEST(Response, AHeadSaysHowItsBodyTravels) {
  EXPECT_EQ(head({.content_type = "text/plain", .content_length = 3}),
            "HTTP/1.1 200 OK\r\nServer: sevenstops\r\nContent-Type: text/plain\r\n"
            "Content-Length: 3\r\n\r\n");
  EXPECT_EQ(head({.content_type = "text/csv", .chunked = true}),
            "HTTP/1.1 200 OK\r\nServer: sevenstops\r\nContent-Type: text/csv\r\n"
            "Transfer-Encoding: chunked\r\n\r\n");
}

TEST(Response, ARepresentationIsNamed) {
  const std::vector<ResponseField> fields = {{"Link", "</orders?cursor=1>; rel=\"next\""}};
  EXPECT_EQ(head({.content_type = "application/json",
                  .fields = fields,
                  .entity_tag = "\"a-gzip\"",
                  .coding = "gzip",
                  .varies = true,
                  .content_length = 5}),
            "HTTP/1.1 200 OK\r\nServer: sevenstops\r\nContent-Type: application/json\r\n"
            "Link: </orders?cursor=1>; rel=\"next\"\r\nETag: \"a-gzip\"\r\n"
            "Content-Encoding: gzip\r\nVary: Accept-Encoding\r\nContent-Length: 5\r\n\r\n");
}

// RFC 9110, 15.4.5: what 200 would have said of validators and caches, and nothing of content.
TEST(Response, NotModifiedTellsTheTagAndNoContent) {
  EXPECT_EQ(head({.status = 304,
                  .content_type = "application/json",
                  .entity_tag = "\"a\"",
                  .varies = true,
                  .content_length = 0}),
            "HTTP/1.1 304 Not Modified\r\nServer: sevenstops\r\nETag: \"a\"\r\n"
            "Vary: Accept-Encoding\r\n\r\n");
}

}  // namespace
}  // namespace sevenstops::http
