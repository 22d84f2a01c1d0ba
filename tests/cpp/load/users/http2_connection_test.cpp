#include "load/users/http2_connection.hpp"

#include <gtest/gtest.h>

#include <optional>

#include "../engine/local_server.hpp"
#include "load/load.hpp"

namespace sevenstops::load {
namespace {

using Outcomes = std::map<std::string, std::uint64_t>;

// What a server does with the nth whole request, counted from 1 over all of its connections.
using Reply = std::function<void(nghttp2_session*, std::int32_t stream, int nth)>;

void respond(nghttp2_session* session, std::int32_t stream) {
  const auto bytes = [](const char* text) {
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text));
  };
  const nghttp2_nv status{.name = bytes(":status"),
                          .value = bytes("200"),
                          .namelen = 7,
                          .valuelen = 3,
                          .flags = NGHTTP2_NV_FLAG_NONE};
  nghttp2_submit_response(session, stream, &status, 1, nullptr);
}

// The head of an answer with content to come.
void begin_to_respond(nghttp2_session* session, std::int32_t stream) {
  const auto bytes = [](const char* text) {
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text));
  };
  const nghttp2_nv status{.name = bytes(":status"),
                          .value = bytes("200"),
                          .namelen = 7,
                          .valuelen = 3,
                          .flags = NGHTTP2_NV_FLAG_NONE};
  nghttp2_submit_headers(session, NGHTTP2_FLAG_NONE, stream, nullptr, &status, 1, nullptr);
}

// A server that speaks HTTP/2 (nghttp2), one connection at a time.
class Http2Server {
 public:
  explicit Http2Server(Reply reply, std::uint32_t streams = 100)
      : reply_(std::move(reply)), streams_(streams) {
    server_.emplace([this](int fd) { serve(fd); });
  }

  [[nodiscard]] std::uint16_t port() const { return server_->port(); }
  /// Ends its thread, so that what it counted may be read.
  void stop() { server_.reset(); }

  int connections = 0;
  std::size_t body_bytes = 0;
  std::string names;

 private:
  static int on_frame(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    auto& self = *static_cast<Http2Server*>(user);
    const bool request = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (request && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
      self.reply_(session, frame->hd.stream_id, ++self.requests_);
    }
    return 0;
  }
  static int on_data(nghttp2_session*, std::uint8_t, std::int32_t, const std::uint8_t*,
                     std::size_t size, void* user) {
    static_cast<Http2Server*>(user)->body_bytes += size;
    return 0;
  }
  static int on_header(nghttp2_session*, const nghttp2_frame*, const std::uint8_t* name,
                       std::size_t size, const std::uint8_t*, std::size_t, std::uint8_t,
                       void* user) {
    auto& names = static_cast<Http2Server*>(user)->names;
    names.append(reinterpret_cast<const char*>(name), size).push_back(' ');
    return 0;
  }

  void serve(int fd) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session* session = nullptr;
    nghttp2_session_server_new(&session, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    const nghttp2_settings_entry room{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, streams_};
    nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, &room, 1);
    bool first = true;
    for (auto bytes = read_some(fd); !bytes.empty(); bytes = read_some(fd)) {
      // The load's own first look connects and says nothing.
      connections += std::exchange(first, false) ? 1 : 0;
      if (nghttp2_session_mem_recv(session, reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                   bytes.size()) < 0) {
        break;
      }
      send_all(fd, session);
      if (nghttp2_session_want_read(session) == 0 && nghttp2_session_want_write(session) == 0) {
        break;
      }
    }
    nghttp2_session_del(session);
  }
  static void send_all(int fd, nghttp2_session* session) {
    const std::uint8_t* piece = nullptr;
    for (auto size = nghttp2_session_mem_send(session, &piece); size > 0;
         size = nghttp2_session_mem_send(session, &piece)) {
      write_all(fd, {reinterpret_cast<const char*>(piece), static_cast<std::size_t>(size)});
    }
  }

  Reply reply_;
  std::uint32_t streams_;
  int requests_ = 0;
  std::optional<LocalServer> server_;
};

class Http2 : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (std::string_view(GetParam()) == "io_uring" && make_uring_engine() == nullptr) {
      GTEST_SKIP() << "no io_uring for this process";
    }
  }
  static Plan plan_of(double rate) {
    Plan plan;
    plan.arrivals = {{.duration = 0.2, .rate = rate}};
    plan.protocol = "h2";
    plan.http2.streams = 4;
    plan.read_timeout = 2;
    plan.cool_down = 3;
    return plan;
  }
  static LoadResult send(const Plan& plan, Http2Server& server) {
    auto result = run_load(plan, {.port = server.port()}, GetParam());
    server.stop();
    return result;
  }
};

INSTANTIATE_TEST_SUITE_P(Each, Http2, testing::Values("epoll", "io_uring"),
                         [](const auto& engine) { return std::string(engine.param); });

TEST_P(Http2, OneConnectionCarriesManyRequests) {
  Http2Server server(
      [](nghttp2_session* session, std::int32_t stream, int) { respond(session, stream); });
  auto plan = plan_of(500);
  plan.requests = {{.method = "POST", .headers = {{"X-Upper", "1"}}, .body_size = 1000}};
  const auto result = send(plan, server);
  EXPECT_EQ(result.all.outcomes(), (Outcomes{{"2xx", 100}}));
  EXPECT_EQ(result.phases.connect.total(), 1U);
  EXPECT_EQ(result.phases.first_byte.total(), 100U);
  EXPECT_EQ(result.all.due, 100U);
  EXPECT_EQ(result.all.sent, 100U);
  EXPECT_EQ(result.all.answered(), 100U);
  // A head and a body each, and an answer's head of a byte or more behind its frame's nine.
  EXPECT_GT(result.all.bytes_sent, 100'000U + 100 * 2 * 9);
  EXPECT_LT(result.all.bytes_sent, 120'000U);
  EXPECT_GE(result.all.bytes_received, 100 * 10U);
  EXPECT_EQ(server.connections, 1);
  EXPECT_EQ(server.body_bytes, 100'000U);
  EXPECT_NE(server.names.find("x-upper "), std::string::npos);
}

TEST_P(Http2, AClosedLoopKeepsAllStreamsBusy) {
  int under_way = 0;
  int most = 0;
  std::vector<std::int32_t> held;
  // Answers four at a time, so that one stream alone would hang.
  Http2Server server([&](nghttp2_session* session, std::int32_t stream, int) {
    held.push_back(stream);
    most = std::max(most, ++under_way);
    if (held.size() == 4) {
      for (const auto each : std::exchange(held, {})) {
        respond(session, each);
        --under_way;
      }
    }
  });
  auto plan = plan_of(0);
  plan.arrivals = {{.kind = "closed", .duration = 0.1}};
  const auto result = send(plan, server);
  EXPECT_EQ(most, 4);
  EXPECT_GE(result.all.outcomes().at("2xx"), 8U);
}

TEST_P(Http2, ARefusedStreamIsAskedAgain) {
  Http2Server server([](nghttp2_session* session, std::int32_t stream, int nth) {
    if (nth % 3 == 1) {
      nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, stream, NGHTTP2_REFUSED_STREAM);
    } else {
      respond(session, stream);
    }
  });
  const auto all = send(plan_of(100), server).all;
  EXPECT_EQ(all.outcomes(), (Outcomes{{"2xx", 20}}));
  // However often it was asked again.
  EXPECT_EQ(all.sent, 20U);
}

TEST_P(Http2, WhatWaitsForRoomAtThePeerIsNotSent) {
  Http2Server server([](nghttp2_session*, std::int32_t, int) {}, 2);
  auto plan = plan_of(10);
  plan.arrivals.front().duration = 1;
  plan.cool_down = 0.05;
  const auto all = send(plan, server).all;
  EXPECT_EQ(all.due, 10U);
  EXPECT_EQ(all.outcomes(), (Outcomes{{"lost", 10}}));
  // Four may be under way for us; the peer takes two, and has a fifth of a second to say so.
  EXPECT_GE(all.sent, 2U);
  EXPECT_LE(all.sent, 3U);
  EXPECT_EQ(all.answered(), 0U);
}

TEST_P(Http2, AnAnswerThatDoesNotEndIsNone) {
  Http2Server server([](nghttp2_session* session, std::int32_t stream, int) {
    begin_to_respond(session, stream);
    nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, stream, NGHTTP2_NO_ERROR);
  });
  const auto all = send(plan_of(50), server).all;
  EXPECT_EQ(all.outcomes(), (Outcomes{{"reset", 10}}));
  EXPECT_EQ(all.answered(), 0U);
}

TEST_P(Http2, AStreamThatIsResetHasFailed) {
  Http2Server server([](nghttp2_session* session, std::int32_t stream, int nth) {
    if (nth <= 2) {
      nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, stream, NGHTTP2_INTERNAL_ERROR);
    } else {
      respond(session, stream);
    }
  });
  EXPECT_EQ(send(plan_of(100), server).all.outcomes(), (Outcomes{{"2xx", 18}, {"reset", 2}}));
  EXPECT_EQ(server.connections, 1);
}

TEST_P(Http2, AConnectionThatGoesAwayIsReplaced) {
  Http2Server server([](nghttp2_session* session, std::int32_t stream, int nth) {
    respond(session, stream);
    if (nth == 5) {
      nghttp2_submit_goaway(session, NGHTTP2_FLAG_NONE, stream, NGHTTP2_NO_ERROR, nullptr, 0);
    }
  });
  EXPECT_EQ(send(plan_of(100), server).all.outcomes(), (Outcomes{{"2xx", 20}}));
  EXPECT_EQ(server.connections, 2);
}

TEST_P(Http2, OneLateAnswerDoesNotHarmTheOthers) {
  Http2Server server([](nghttp2_session* session, std::int32_t stream, int nth) {
    if (nth != 1) {
      respond(session, stream);
    }
  });
  auto plan = plan_of(100);
  plan.read_timeout = 0.1;
  EXPECT_EQ(send(plan, server).all.outcomes(), (Outcomes{{"2xx", 19}, {"read_timeout", 1}}));
  EXPECT_EQ(server.connections, 1);
}

TEST_P(Http2, WhatIsUnderWayAtTheEndIsLost) {
  Http2Server server([](nghttp2_session*, std::int32_t, int) {});
  auto plan = plan_of(50);
  plan.cool_down = 0.05;
  const auto result = send(plan, server);
  EXPECT_EQ(result.all.outcomes(), (Outcomes{{"lost", 10}}));
  // Four streams, so six waited; more where connecting took its time.
  EXPECT_GE(result.blocked.no_connection, 6U);
  EXPECT_LT(result.duration, 2);
}

}  // namespace
}  // namespace sevenstops::load
