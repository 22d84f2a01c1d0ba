#include <gtest/gtest.h>

#include <thread>

#include "http2_scenario.hpp"
#include "load/fetch.hpp"

// What a connection of HTTP/2, or a stream of it, may cost, and how either ends.

namespace sevenstops {
namespace {

using Http2 = test::Http2Scenario;
using service::Service;
using test::count;
using test::eventually;
using test::Http2Client;
using test::refused;
using namespace std::chrono_literals;

TEST_F(Http2, AnUnreadStreamHoldsUpNobodyAndLittleMemory) {
  settings.drain.write_timeout = 30;
  const Service service(settings, {.threads = 1, .rows = 60000});
  // Windows of streams allow what the connection's does not forbid.
  Http2Client client(io, service.port(), {.stream_window = 16384, .reads = false});
  const auto unread = client.get("/export.csv");
  ASSERT_TRUE(client.until([&] { return client.at(unread).body.size() == 16384; }));
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(client.answer(client.get("/healthz")).body, "ok\n");
  }
  EXPECT_EQ(client.at(unread).body.size(), 16384U);
  EXPECT_EQ(count(service, "streams_open"), 1U);
  // A high-water mark and a piece of the stream.
  EXPECT_LE(count(service, "queued_bytes_max"), 4 * 65536U);
  EXPECT_LE(count(service, "held_bytes_max"), 8 * 65536U);
  // It goes on where it was.
  client.consume(unread, 16384);
  EXPECT_TRUE(client.until([&] { return client.at(unread).body.size() == 32768; }));
}

TEST_F(Http2, ManyUnreadStreamsShareTheByteBudget) {
  constexpr std::uint64_t streams = 80;
  settings.parse.byte_budget = 1 << 20;
  settings.parse.body_limit = 1 << 19;
  settings.drain.read_rate = 0;
  settings.handle.queue_time = 30;
  const Service service(settings, {.threads = 1, .rows = 60000});
  std::vector<std::unique_ptr<Http2Client>> clients;
  for (int i = 0; i < 4; ++i) {
    clients.push_back(std::make_unique<Http2Client>(
        io, service.port(), Http2Client::Options{.stream_window = 600, .reads = false}));
    for (std::uint64_t n = 0; n < streams / 4; ++n) {
      clients.back()->get("/export.csv");
    }
    clients.back()->flush();
  }
  ASSERT_TRUE(eventually([&] { return count(service, "streams_open") == streams; }));
  std::this_thread::sleep_for(300ms);
  // Two pieces of an export stand before a whole high-water mark is reached, one where the budget
  // has shrunk it.
  EXPECT_LE(count(service, "queued_bytes_max"), streams * 65536);
  Http2Client good(io, service.port());
  EXPECT_EQ(good.answer(good.get("/healthz")).status, 200U);
}

TEST_F(Http2, AStreamThatNobodyReadsIsResetInTime) {
  settings.drain.write_timeout = 0.1;
  const Service service(settings, {.threads = 1, .rows = 60000});
  Http2Client client(io, service.port(), {.stream_window = 16384, .reads = false});
  const auto& answer = client.answer(client.get("/export.csv"));
  EXPECT_EQ(answer.status, 200U);
  EXPECT_FALSE(answer.ended);
  EXPECT_EQ(answer.reset, NGHTTP2_CANCEL);
  EXPECT_EQ(refused(service, "drain", "write_timeout"), 1U);
  EXPECT_EQ(client.answer(client.get("/healthz")).status, 200U);
}

TEST_F(Http2, HeadsThatDoNotEndAreCounted) {
  settings.parse.head_timeout = 60;
  const Service service(settings, {.threads = 1, .rows = 1});
  // Its HEADERS lacks END_HEADERS, and the CONTINUATION that has to follow does not come.
  const std::string block = test::get_block("/healthz");
  const auto unended = test::frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_STREAM, 1, block);
  std::vector<test::tcp::socket> sockets;
  for (int i = 0; i < 3; ++i) {
    test::send(sockets.emplace_back(test::connect(io, service.port())),
               test::http2_begin() + unended);
  }
  // Of the last one not even the frame is whole.
  test::send(sockets.emplace_back(test::connect(io, service.port())),
             test::http2_begin() + unended.substr(0, 12));
  ASSERT_TRUE(eventually([&] { return count(service, "heads_unfinished") == 4; }));
  EXPECT_EQ(count(service, "http2_connections_open"), 4U);
  // One ends its head, one breaks the rules, and one leaves.
  test::send(sockets[0],
             test::frame(NGHTTP2_CONTINUATION, NGHTTP2_FLAG_END_HEADERS, 1, std::string()));
  ASSERT_TRUE(eventually([&] { return count(service, "heads_unfinished") == 3; }));
  test::send(sockets[1], test::frame(NGHTTP2_PING, 0, 0, std::string(8, 'p')));
  ASSERT_TRUE(eventually([&] { return count(service, "heads_unfinished") == 2; }));
  sockets[2].close();
  ASSERT_TRUE(eventually([&] { return count(service, "heads_unfinished") == 1; }));
}

TEST_F(Http2, AHeadThatDoesNotEndInTimeIsCountedNoMore) {
  settings.parse.head_timeout = 0.2;
  const Service service(settings, {.threads = 1, .rows = 1});
  auto socket = test::connect(io, service.port());
  test::send(socket, test::http2_begin() + test::frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_STREAM, 1,
                                                       test::get_block("/healthz")));
  ASSERT_TRUE(eventually([&] { return refused(service, "parse", "head_timeout") == 1; }));
  EXPECT_EQ(count(service, "heads_unfinished"), 0U);
}

TEST_F(Http2, ABodyThatStandsStillIsRefusedInTime) {
  settings.parse.body_timeout = 0.1;
  settings.parse.body_rate = 0;
  settings.drain.linger_timeout = 0.1;
  const Service service(settings, {.threads = 1, .rows = 1});
  auto socket = test::connect(io, service.port());
  // POST /echo without its end.
  test::send(socket,
             test::http2_begin() + test::frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1,
                                               std::string("\x83\x86\x04\x05/echo\x01\x01") + "a"));
  ASSERT_TRUE(eventually([&] { return refused(service, "parse", "body_timeout") == 1; }));
  EXPECT_EQ(refused(service, "parse", "http2_message"), 0U);
}

TEST_F(Http2, AHeadThatStandsStillEndsTheConnection) {
  settings.parse.head_timeout = 0.1;
  const Service service(settings, {.threads = 1, .rows = 1});
  auto socket = test::connect(io, service.port());
  test::send(socket, test::http2_begin() + test::get_frame(1).substr(0, 12));
  const auto answer = test::receive_all(socket);
  EXPECT_EQ(test::goaway_in(answer), NGHTTP2_ENHANCE_YOUR_CALM);
  EXPECT_EQ(refused(service, "parse", "head_timeout"), 1U);
}

TEST_F(Http2, AnIdleConnectionEndsInPeace) {
  settings.parse.idle_timeout = 0.1;
  const Service service(settings, {.threads = 1, .rows = 1});
  Http2Client client(io, service.port());
  EXPECT_EQ(client.answer(client.get("/healthz")).status, 200U);
  EXPECT_TRUE(client.until_closed());
  EXPECT_EQ(client.goaway(), NGHTTP2_NO_ERROR);
  EXPECT_TRUE(eventually([&] { return count(service, "connections_open") == 0; }));
  EXPECT_TRUE(eventually([&] { return count(service, "held_bytes") == 0; }));
}

TEST_F(Http2, AResetCancelsTheWork) {
  settings.handle.deadline = 60;
  const Service service(settings, {.threads = 1, .rows = 1, .faults = slow("60")});
  Http2Client client(io, service.port());
  const auto page = client.get("/page");
  client.flush();
  ASSERT_TRUE(eventually([&] { return count(service, "work_in_progress") == 1; }));
  client.reset(page);
  EXPECT_TRUE(eventually([&] { return count(service, "work_cancelled_total") == 1; }));
  EXPECT_EQ(count(service, "work_in_progress"), 0U);
  EXPECT_EQ(client.answer(client.get("/healthz")).status, 200U);
  EXPECT_EQ(count(service, "walks_broken_total"), 0U);
}

TEST_F(Http2, TheConnectionsEndCancelsTheWorkOfAllItsStreams) {
  settings.handle.deadline = 60;
  const Service service(settings, {.threads = 1, .rows = 1, .faults = slow("60")});
  {
    Http2Client client(io, service.port());
    for (int i = 0; i < 5; ++i) {
      client.get("/page");
    }
    client.flush();
    ASSERT_TRUE(eventually([&] { return count(service, "work_in_progress") == 5; }));
  }
  EXPECT_TRUE(eventually([&] { return count(service, "connections_open") == 0; }));
  EXPECT_EQ(count(service, "work_cancelled_total"), 5U);
  EXPECT_EQ(count(service, "work_in_progress"), 0U);
}

TEST_F(Http2, SlowAndQuickRequestsOfOneConnectionPassEachOther) {
  settings.handle.deadline = 60;
  const Service service(settings, {.threads = 1, .rows = 1, .faults = slow("0.5")});
  Http2Client client(io, service.port());
  const auto page = client.get("/page");
  const auto quick = client.get("/healthz");
  EXPECT_EQ(client.answer(quick).status, 200U);
  EXPECT_FALSE(client.over(page));
  EXPECT_EQ(client.answer(page).status, 200U);
}

TEST_F(Http2, ADeadlineThatComesWithARequestIsKept) {
  const Service service(settings, {.threads = 1, .rows = 1, .faults = slow("60")});
  Http2Client client(io, service.port());
  EXPECT_EQ(client.answer(client.get("/page", {{"x-request-deadline-ms", "50"}})).status, 504U);
}

TEST_F(Http2, ABodyThatWaitsToBeAskedForIsAskedFor) {
  const Service service(settings, {.threads = 1, .rows = 1});
  Http2Client client(io, service.port());
  const auto id = client.submit({{":method", "POST"},
                                 {":scheme", "http"},
                                 {":authority", "a"},
                                 {":path", "/echo"},
                                 {"expect", "100-continue"}},
                                "", true);
  ASSERT_TRUE(client.until([&] { return !client.at(id).interims.empty(); }));
  EXPECT_EQ(client.at(id).interims, std::vector<unsigned>{100});
  client.give(id, "hello");
  EXPECT_EQ(client.answer(id).status, 200U);
  EXPECT_EQ(client.answer(id).body, "hello");
}

TEST_F(Http2, AConnectionThatNobodyReadsEnds) {
  settings.drain.write_timeout = 0.2;
  settings.drain.linger_timeout = 0.1;
  settings.drain.send_buffer = 4096;
  const Service service(settings, {.threads = 1, .rows = 60000});
  auto socket = test::connect(io, service.port());
  // Windows of 2^31 - 1 for the stream and the connection: it is the socket that takes nothing.
  const auto all = test::big_endian(0x7fffffff);
  test::send(socket, std::string(NGHTTP2_CLIENT_MAGIC) +
                         test::frame(NGHTTP2_SETTINGS, 0, 0, std::string("\0\4", 2) + all) +
                         test::frame(NGHTTP2_WINDOW_UPDATE, 0, 0,
                                     test::big_endian(0x7fffffff - NGHTTP2_INITIAL_WINDOW_SIZE)) +
                         test::get_frame(1, "/export.csv"));
  EXPECT_TRUE(eventually([&] { return refused(service, "drain", "write_timeout") == 1; }));
  EXPECT_TRUE(eventually([&] { return count(service, "connections_open") == 0; }));
  EXPECT_LE(count(service, "held_bytes_max"), 8 * 65536U);
}

TEST_F(Http2, AClientThatSaysGoodbyeGetsItsAnswers) {
  const Service service(settings, {.threads = 1, .rows = 1, .faults = slow("0.2")});
  Http2Client client(io, service.port());
  const auto page = client.get("/page");
  client.raw(test::frame(NGHTTP2_GOAWAY, 0, 0, std::string(8, '\0')));
  EXPECT_EQ(client.answer(page).status, 200U);
  EXPECT_TRUE(client.until_closed());
}

TEST_F(Http2, AServiceThatStopsSaysSo) {
  settings.handle.deadline = 60;
  Service service(settings, {.threads = 1, .rows = 1, .faults = slow("60")});
  Http2Client client(io, service.port());
  EXPECT_EQ(client.answer(client.get("/healthz")).status, 200U);
  const auto page = client.get("/page");
  client.flush();
  ASSERT_TRUE(eventually([&] { return count(service, "work_in_progress") == 1; }));
  service.stop();
  EXPECT_EQ(count(service, "work_in_progress"), 0U);
  EXPECT_FALSE(client.at(page).ended);
  EXPECT_TRUE(client.until_closed());
  EXPECT_EQ(client.goaway(), NGHTTP2_NO_ERROR);
}

TEST_F(Http2, AnIdleConnectionMakesRoomForANewOneAndABusyOneDoesNot) {
  settings.accept.max_connections = 1;
  settings.handle.deadline = 60;
  const Service service(settings, {.threads = 1, .rows = 1, .faults = slow("60")});
  Http2Client first(io, service.port());
  EXPECT_EQ(first.answer(first.get("/healthz")).status, 200U);
  // With that its acknowledgement of SETTINGS has been read: it has nothing more to say.
  EXPECT_EQ(first.answer(first.get("/healthz")).status, 200U);
  Http2Client second(io, service.port());
  EXPECT_EQ(second.answer(second.get("/healthz")).status, 200U);
  EXPECT_EQ(count(service, "silent_connections_closed_total"), 1U);
  second.get("/page");
  second.flush();
  ASSERT_TRUE(eventually([&] { return count(service, "work_in_progress") == 1; }));
  auto third = test::connect(io, service.port());
  test::send(third, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(test::receive_all(third).starts_with("HTTP/1.1 503 "));
}

TEST_F(Http2, BodiesThatStandStillMakeRoomForOneThatComes) {
  constexpr std::size_t mebibyte = std::size_t{1} << 20;
  settings.parse.byte_budget = 4 * static_cast<std::int64_t>(mebibyte);
  settings.handle.deadline = 60;
  const Service service(settings, {.threads = 1, .rows = 1});
  const Http2Client::Fields length = {{"content-length", std::to_string(mebibyte)}};
  Http2Client client(io, service.port());
  std::vector<std::unique_ptr<Http2Client>> still;
  for (int i = 0; i < 3; ++i) {
    auto& one = *still.emplace_back(std::make_unique<Http2Client>(io, service.port()));
    // The last byte is withheld.
    const auto id = one.submit({{":method", "POST"},
                                {":scheme", "http"},
                                {":authority", "a"},
                                {":path", "/echo"},
                                {"content-length", std::to_string(mebibyte)}},
                               std::string(mebibyte - 1, 'x'), true);
    ASSERT_TRUE(one.until([&] { return one.at(id).content_sent == mebibyte - 1; }));
  }
  ASSERT_TRUE(eventually([&] { return count(service, "held_bytes") >= 3 * (mebibyte - 1); }));
  std::this_thread::sleep_for(1500ms);
  const auto& late =
      client.answer(client.request("POST", "/echo", length, std::string(mebibyte, 'x')));
  EXPECT_EQ(late.status, 200U);
  EXPECT_GE(count(service, "slow_connections_ended_total"), 1U);
}

TEST_F(Http2, ADeclaredLengthHoldsNoRoom) {
  constexpr int claims = 60;
  constexpr std::size_t honest = 512 << 10;
  settings.parse.byte_budget = 4 << 20;
  const Service service(settings, {.threads = 1, .rows = 1});
  // POST /echo of 1048000 bytes, of which one comes.
  const auto head = std::string("\x83\x86\x04\x05/echo\x01\x01") + "a" + "\x0f\x0d\x07" + "1048000";
  const auto claim = test::http2_begin() +
                     test::frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, head) +
                     test::frame(NGHTTP2_DATA, 0, 1, "x");
  std::vector<test::tcp::socket> still;
  for (int i = 0; i < claims; ++i) {
    test::send(still.emplace_back(test::connect(io, service.port())), claim);
  }
  ASSERT_TRUE(eventually([&] { return count(service, "bodies_unfinished") == claims; }));
  EXPECT_LE(count(service, "held_bytes"), claims * 4096U);
  Http2Client client(io, service.port());
  for (int i = 0; i < 2 * claims; ++i) {
    // None of them is old enough to be called slow.
    auto& again = still[static_cast<std::size_t>(i % claims)];
    again = test::connect(io, service.port());
    test::send(again, claim);
    const auto& answer = client.answer(client.request(
        "POST", "/echo", {{"content-length", std::to_string(honest)}}, std::string(honest, 'x')));
    ASSERT_EQ(answer.status, 200U) << i;
  }
}

TEST_F(Http2, StreamsThatAreResetAndStillWorkedForAreBounded) {
  settings.parse.http2.streams = 4;
  settings.parse.http2.resets = 0;
  // Nobody notices that its client has left.
  settings.handle.cancel = false;
  settings.handle.deadline = 60;
  const Service service(settings, {.threads = 1, .rows = 1, .faults = slow("30")});
  Http2Client client(io, service.port());
  client.flush();
  for (std::uint32_t id = 1; id < 200; id += 2) {
    client.raw(test::get_frame(id, "/page") +
               test::frame(NGHTTP2_RST_STREAM, 0, id, test::big_endian(8)));
  }
  ASSERT_TRUE(eventually([&] { return refused(service, "parse", "http2_streams") == 92; }));
  EXPECT_EQ(count(service, "work_in_progress"), 8U);
}

}  // namespace
}  // namespace sevenstops
