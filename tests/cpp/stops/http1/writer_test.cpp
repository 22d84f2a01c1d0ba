#include "stops/http1/writer.hpp"

#include <gtest/gtest.h>

#include "../../support/run.hpp"
#include "../../support/sockets.hpp"
#include "../fakes.hpp"

namespace sevenstops::stops {
namespace {

using namespace std::chrono_literals;

const std::string interim_head = "HTTP/1.1 102 Processing\r\n\r\n";

class Http1WriterTest : public ::testing::Test {
 protected:
  // Sends what is framed and gives back all that the client got until then.
  std::string flushed() {
    test::run(io, [&]() -> asio::awaitable<void> { EXPECT_TRUE(co_await writer.flush(10s)); });
    io.restart();
    connection.stream().shutdown_send();
    return test::receive_all(client);
  }
  // Writes until the kernel takes no more: how much it took.
  std::size_t stuff() {
    std::size_t taken = 0;
    boost::system::error_code error;
    while (!error) {
      taken += connection.write_some(std::string(4096, '.'), error);
    }
    return taken;
  }
  static Response streamed() {
    return {.content_type = "text/csv",
            .source = std::make_unique<fakes::FakeSource>(std::deque<std::string>{})};
  }

  asio::io_context io;
  test::Ends ends = test::connected(io, 4096);
  Connection connection{std::move(ends.server)};
  tcp::socket client = std::move(ends.client);
  http::Request request;
  Http1Writer writer{connection, request};
};

TEST_F(Http1WriterTest, AWholeResponseHasItsLength) {
  const Response response{.bytes = "ok\n"};
  writer.head(response, true);
  writer.piece(response.bytes);
  writer.end();
  EXPECT_TRUE(writer.reusable());
  EXPECT_EQ(writer.pending(), writer.framed());
  const auto framed = writer.framed();
  const auto got = flushed();
  const std::string date = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
  const std::string before = "HTTP/1.1 200 OK\r\nServer: sevenstops\r\n";
  EXPECT_TRUE(got.starts_with(before + "Date: ")) << got;
  EXPECT_EQ(got.substr(std::min(got.size(), before.size() + date.size())),
            "Content-Type: text/plain\r\nContent-Length: 3\r\n\r\nok\n");
  EXPECT_EQ(framed, got.size());
  EXPECT_EQ(writer.pending(), 0U);
}

TEST_F(Http1WriterTest, ARefusalForTheRateSaysWhereTheClientStands) {
  const Response response{
      .status = 429,
      .fields = {{"RateLimit-Policy", "\"client\";q=5;w=10"}, {"RateLimit", "\"client\";r=0;t=2"}},
      .retry_after = 2};
  writer.head(response, true);
  writer.end();
  const auto got = flushed();
  EXPECT_TRUE(got.starts_with("HTTP/1.1 429 Too Many Requests\r\n")) << got;
  EXPECT_NE(got.find("\r\nRateLimit-Policy: \"client\";q=5;w=10\r\n"
                     "RateLimit: \"client\";r=0;t=2\r\nRetry-After: 2\r\n"),
            std::string::npos)
      << got;
}

TEST_F(Http1WriterTest, AStreamComesInChunks) {
  writer.head(streamed(), true);
  writer.piece("abc");
  writer.piece(std::string(17, 'x'));
  writer.end();
  EXPECT_TRUE(writer.reusable());
  const auto framed = writer.framed();
  const auto got = flushed();
  EXPECT_NE(got.find("Transfer-Encoding: chunked\r\n"), std::string::npos);
  EXPECT_EQ(got.find("Content-Length"), std::string::npos);
  EXPECT_TRUE(got.ends_with("\r\n\r\n3\r\nabc\r\n11\r\n" + std::string(17, 'x') + "\r\n0\r\n\r\n"));
  EXPECT_EQ(framed, got.size());
}

TEST_F(Http1WriterTest, ToHttp10AStreamEndsWithItsConnection) {
  request.minor_version = 0;
  writer.head(streamed(), true);
  writer.piece("abc");
  writer.end();
  EXPECT_FALSE(writer.reusable());
  const auto got = flushed();
  EXPECT_EQ(got.find("chunked"), std::string::npos);
  EXPECT_NE(got.find("Connection: close\r\n"), std::string::npos);
  EXPECT_TRUE(got.ends_with("\r\n\r\nabc"));
}

TEST_F(Http1WriterTest, ToHttp10AKeptConnectionIsSaid) {
  request.minor_version = 0;
  writer.head({.bytes = ""}, true);
  EXPECT_TRUE(writer.reusable());
  EXPECT_NE(flushed().find("Connection: keep-alive\r\n"), std::string::npos);
}

TEST_F(Http1WriterTest, SaysThatItsConnectionEnds) {
  writer.head({.status = 400, .bytes = ""}, false);
  EXPECT_FALSE(writer.reusable());
  EXPECT_NE(flushed().find("Connection: close\r\n"), std::string::npos);
}

TEST_F(Http1WriterTest, SaysWhenToComeAgainAndWhichMethodsThereAre) {
  writer.head({.status = 503, .retry_after = 1}, true);
  EXPECT_NE(flushed().find("Retry-After: 1\r\n"), std::string::npos);
}

TEST_F(Http1WriterTest, SaysWhichMethodsThereAre) {
  writer.head({.status = 405, .fields = {{"Allow", "GET, HEAD"}}}, true);
  const auto got = flushed();
  EXPECT_NE(got.find("Allow: GET, HEAD\r\n"), std::string::npos);
  EXPECT_EQ(got.find("Retry-After"), std::string::npos);
  EXPECT_EQ(got.find("Location"), std::string::npos);
}

TEST_F(Http1WriterTest, SaysWhereAClientIsSent) {
  writer.head({.status = 308, .fields = {{"Location", "/orders?limit=5"}}}, true);
  const auto got = flushed();
  EXPECT_TRUE(got.starts_with("HTTP/1.1 308 Permanent Redirect\r\n")) << got;
  EXPECT_NE(got.find("\r\nLocation: /orders?limit=5\r\n"), std::string::npos);
  EXPECT_NE(got.find("\r\nContent-Length: 0\r\n"), std::string::npos);
}

TEST_F(Http1WriterTest, FlushSomeWaitsForNobody) {
  const std::string body(1 << 20, 'x');
  writer.head(streamed(), true);
  writer.piece(body);
  const auto framed = writer.framed();
  EXPECT_TRUE(writer.flush_some());
  EXPECT_GT(writer.pending(), 0U);
  EXPECT_LT(writer.pending(), framed);
  while (writer.flush_some() && writer.pending() + 4096 > framed) {
  }
  test::reset(client);
  bool alive = true;
  for (int i = 0; i < 100 && alive; ++i) {
    alive = writer.flush_some();
  }
  EXPECT_FALSE(alive);
}

TEST_F(Http1WriterTest, AnInterimResponseGoesFirst) {
  test::run(io, [&]() -> asio::awaitable<void> { EXPECT_TRUE(co_await writer.interim(102, 10s)); });
  io.restart();
  writer.head({.bytes = ""}, true);
  const auto framed = writer.framed();
  const auto got = flushed();
  EXPECT_TRUE(got.starts_with(interim_head + "HTTP/1.1 200 OK\r\n"));
  // It is no part of the response.
  EXPECT_EQ(framed, got.size() - interim_head.size());
}

TEST_F(Http1WriterTest, Http10IsSentNoInterimResponse) {
  request.minor_version = 0;
  test::run(io, [&]() -> asio::awaitable<void> { EXPECT_TRUE(co_await writer.interim(102, 10s)); });
  io.restart();
  EXPECT_TRUE(writer.interim_at_once(102));
  writer.head({.bytes = ""}, true);
  EXPECT_TRUE(flushed().starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST_F(Http1WriterTest, TheRestOfAnInterimResponseGoesFirst) {
  const auto before = stuff();
  EXPECT_TRUE(writer.interim_at_once(102));
  // One at a time.
  EXPECT_TRUE(writer.interim_at_once(102));
  EXPECT_EQ(test::receive(client, before).size(), before);
  writer.head({.bytes = ""}, true);
  EXPECT_TRUE(flushed().starts_with(interim_head + "HTTP/1.1 200 OK\r\n"));
}

TEST_F(Http1WriterTest, TheRestOfAnInterimResponseGoesBeforeTheNext) {
  const auto before = stuff();
  EXPECT_TRUE(writer.interim_at_once(102));
  EXPECT_EQ(test::receive(client, before).size(), before);
  test::run(io, [&]() -> asio::awaitable<void> { EXPECT_TRUE(co_await writer.interim(100, 10s)); });
  io.restart();
  EXPECT_EQ(flushed(), interim_head + "HTTP/1.1 100 Continue\r\n\r\n");
}

TEST_F(Http1WriterTest, OneWhoIsGoneIsSentNoInterimResponse) {
  test::reset(client);
  EXPECT_FALSE(writer.interim_at_once(102));
}

}  // namespace
}  // namespace sevenstops::stops
