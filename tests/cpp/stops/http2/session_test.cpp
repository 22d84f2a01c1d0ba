#include "stops/http2/session.hpp"

#include <gtest/gtest.h>

#include "../../support/http2_client.hpp"

namespace sevenstops::stops {
namespace {

using http::Reason;

class SessionTest : public ::testing::Test {
 protected:
  // What is sent in answer.
  std::string feed(Http2Session& to, const std::string& bytes) {
    goes_on = to.feed(bytes);
    return gather(to);
  }
  static std::string gather(Http2Session& from) {
    std::string out;
    from.gather(out, std::size_t{1} << 20);
    from.taken();
    return out;
  }
  // The frames of a type in bytes, each with its payload.
  static std::vector<std::string> frames(std::string_view bytes, char type) {
    std::vector<std::string> found;
    while (bytes.size() >= 9) {
      const auto byte = [&](int i) { return static_cast<std::size_t>(bytes[i] & 255); };
      const auto length = byte(0) << 16 | byte(1) << 8 | byte(2);
      if (bytes[3] == type) {
        found.emplace_back(bytes.substr(9, length));
      }
      bytes.remove_prefix(9 + length);
    }
    return found;
  }
  static std::string post() {
    return test::frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1,
                       std::string("\x83\x86\x04\x05/echo\x01\x01") + "a");
  }

  Http2Settings settings{.stream_window = 1000};
  std::vector<Reason> refused;
  Http2Session session{
      settings, {.early = {}, .last = {}}, [this](Reason reason) { refused.push_back(reason); }};
  bool goes_on = true;
};

TEST_F(SessionTest, ARequestIsOpenedOnceItsHeadIsWhole) {
  const auto whole = test::get_frame(1, "/a");
  (void)feed(session, test::http2_begin() + whole.substr(0, whole.size() - 1));
  EXPECT_TRUE(session.opened().empty());
  EXPECT_TRUE(session.head_begun());
  (void)feed(session, whole.substr(whole.size() - 1));
  EXPECT_EQ(session.opened(), std::vector<std::int32_t>{1});
  EXPECT_TRUE(session.opened().empty());
  EXPECT_FALSE(session.head_begun());
  EXPECT_EQ(session.streams().at(1)->request.path, "/a");
  EXPECT_TRUE(session.streams().at(1)->received);
}

TEST_F(SessionTest, ABodyOpensItsWindowsOnlyAsItIsRead) {
  // The window counts once the client has acknowledged it.
  (void)feed(session, test::http2_begin());
  (void)feed(session, test::frame(NGHTTP2_SETTINGS, NGHTTP2_FLAG_ACK, 0) + post());
  const auto piece = test::frame(NGHTTP2_DATA, 0, 1, std::string(1000, 'x'));
  EXPECT_TRUE(frames(feed(session, piece), NGHTTP2_WINDOW_UPDATE).empty());
  auto& stream = *session.streams().at(1);
  EXPECT_EQ(stream.in.size(), 1000U);
  session.consume(stream, 1000);
  EXPECT_EQ(frames(gather(session), NGHTTP2_WINDOW_UPDATE),
            std::vector<std::string>{test::big_endian(1000)});
  // More than the window is a fault of the client's, and after that nothing is kept.
  stream.in.clear();
  const auto sent = feed(session, piece + piece + piece + piece);
  EXPECT_LE(stream.in.size(), 2000U);
  EXPECT_EQ(frames(sent, NGHTTP2_RST_STREAM),
            std::vector<std::string>{test::big_endian(NGHTTP2_FLOW_CONTROL_ERROR)});
}

TEST_F(SessionTest, AStreamIsSentOnceItsLastFrameIsTaken) {
  (void)feed(session, test::http2_begin() + test::get_frame(1));
  auto& stream = *session.streams().at(1);
  stream.out = "ok\n";
  session.submit(stream, "HTTP/1.1 200 OK\r\nServer: s\r\n\r\n");
  EXPECT_FALSE(stream.sent());
  std::string out;
  session.gather(out, std::size_t{1} << 20);
  EXPECT_EQ(frames(out, NGHTTP2_DATA), std::vector<std::string>{"ok\n"});
  EXPECT_FALSE(stream.sent());
  session.taken();
  EXPECT_TRUE(stream.sent());
  EXPECT_FALSE(stream.end_framed);
  stream.finished = true;
  session.resume(stream);
  EXPECT_FALSE(stream.sent());
  EXPECT_EQ(frames(gather(session), NGHTTP2_DATA), std::vector<std::string>{""});
  EXPECT_TRUE(stream.sent());
  EXPECT_TRUE(stream.closed);
}

TEST_F(SessionTest, AnAnswerWithoutABodyIsOneFrame) {
  (void)feed(session, test::http2_begin() + test::get_frame(1));
  auto& stream = *session.streams().at(1);
  stream.finished = true;
  session.submit(stream, "HTTP/1.1 204 No Content\r\n\r\n");
  const auto out = gather(session);
  EXPECT_EQ(frames(out, NGHTTP2_HEADERS).size(), 1U);
  EXPECT_TRUE(frames(out, NGHTTP2_DATA).empty());
  EXPECT_TRUE(stream.sent());
}

TEST_F(SessionTest, WhoGivesAStreamBackUnfinishedHasItReset) {
  (void)feed(session, test::http2_begin() + test::get_frame(1) + test::get_frame(3));
  session.retire(*session.streams().at(1));
  session.streams().at(3)->timed_out = true;
  session.retire(*session.streams().at(3));
  EXPECT_EQ(frames(gather(session), NGHTTP2_RST_STREAM),
            (std::vector<std::string>{test::big_endian(NGHTTP2_INTERNAL_ERROR),
                                      test::big_endian(NGHTTP2_CANCEL)}));
  EXPECT_TRUE(session.streams().empty());
  EXPECT_TRUE(refused.empty());
}

TEST_F(SessionTest, EndsOnceAndSaysWhy) {
  const auto stale = feed(
      session, test::http2_begin() + test::get_frame(1) + test::frame(NGHTTP2_DATA, 0, 3, "x"));
  session.end();
  session.end();
  const auto out = stale + gather(session);
  EXPECT_EQ(test::goaway_in(out), NGHTTP2_PROTOCOL_ERROR);
  EXPECT_EQ(frames(out, NGHTTP2_GOAWAY).size(), 1U);
  EXPECT_EQ(session.trouble(), Reason::http2_protocol);
}

TEST_F(SessionTest, ATrailerThatWouldFrameSpoilsItsBody) {
  // "content-length: 1", never indexed.
  constexpr std::string_view trailer =
      "\x10\x0e"
      "content-length\x01"
      "1";
  constexpr std::string_view fine =
      "\x10\x01x\x01"
      "1";
  (void)feed(session, test::http2_begin() + post());
  (void)feed(session, test::frame(NGHTTP2_HEADERS,
                                  NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, 1, fine));
  EXPECT_TRUE(session.streams().at(1)->received);
  EXPECT_FALSE(session.streams().at(1)->bad_trailer);
  Http2Session second(settings, {.early = {}, .last = {}}, [](Reason) {});
  (void)feed(second, test::http2_begin() + post());
  (void)feed(second, test::frame(NGHTTP2_HEADERS,
                                 NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, 1, trailer));
  EXPECT_TRUE(second.streams().at(1)->bad_trailer);
}

}  // namespace
}  // namespace sevenstops::stops
