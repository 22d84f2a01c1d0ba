#include "load/clients/content.hpp"

#include <gtest/gtest.h>

namespace sevenstops::load {
namespace {

using State = Content::State;

std::string digest_of(std::string_view text) {
  Sha256 digest;
  digest.update(text);
  return digest.hex();
}

// In pieces of `size` bytes.
void feed(Content& content, std::string_view bytes, std::size_t size) {
  for (std::size_t at = 0; at < bytes.size(); at += size) {
    auto piece = bytes.substr(at, size);
    content.feed(piece);
  }
}

TEST(Content, IsWithoutItsFraming) {
  constexpr std::string_view chunked =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-Sum: 1\r\n\r\n";
  for (const std::size_t size : {std::size_t{1}, std::size_t{7}, chunked.size()}) {
    Content content;
    feed(content, chunked, size);
    EXPECT_EQ(content.state(), State::done);
    EXPECT_EQ(content.status(), 200U);
    EXPECT_EQ(content.bytes(), 5U);
    EXPECT_EQ(content.sha256(), digest_of("abcde"));
  }
}

TEST(Content, IsWholeWhenItsFramingSaysSo) {
  Content cut;
  feed(cut, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc", 64);
  EXPECT_EQ(cut.status(), 200U);
  EXPECT_EQ(cut.bytes(), 3U);
  EXPECT_EQ(cut.closed(), State::malformed);
  Content until_close;
  feed(until_close, "HTTP/1.1 200 OK\r\n\r\nabc", 64);
  EXPECT_EQ(until_close.state(), State::more);
  EXPECT_EQ(until_close.closed(), State::done);
  Content head;
  head.begin(true);
  feed(head, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n", 64);
  EXPECT_EQ(head.state(), State::done);
  Content nothing;
  EXPECT_EQ(nothing.closed(), State::malformed);
  EXPECT_EQ(nothing.status(), 0U);
  Content interim;
  feed(interim, "HTTP/1.1 103 Early Hints\r\n\r\n", 64);
  EXPECT_EQ(interim.status(), 0U);
}

TEST(Content, OfSeveralAnswersAddsUp) {
  Content content;
  feed(content, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", 64);
  // What comes after the end is not taken.
  std::string_view more = "HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nde";
  EXPECT_EQ(content.feed(more), State::done);
  EXPECT_EQ(content.piece(), "");
  content.begin(false);
  EXPECT_EQ(content.feed(more), State::done);
  EXPECT_EQ(content.piece(), "de");
  EXPECT_EQ(content.status(), 404U);
  EXPECT_EQ(content.bytes(), 5U);
  EXPECT_EQ(content.sha256(), digest_of("abcde"));
}

TEST(Content, LongerThanTheScannerKeepsIsWhole) {
  const std::string body(300'000, 'x');
  Content content;
  feed(content, "HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n" + body, 65536);
  EXPECT_EQ(content.state(), State::done);
  EXPECT_EQ(content.bytes(), body.size());
  EXPECT_EQ(content.sha256(), digest_of(body));
}

}  // namespace
}  // namespace sevenstops::load
