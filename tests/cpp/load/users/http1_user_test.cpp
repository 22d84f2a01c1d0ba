#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <optional>

#include "../dispatch/simulation.hpp"
#include "../engine/local_server.hpp"
#include "load/load.hpp"
#include "load/users/users.hpp"

namespace sevenstops::load {
namespace {

using Outcomes = std::map<std::string, std::uint64_t>;

class Http1User : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (std::string_view(GetParam()) == "io_uring" && make_uring_engine() == nullptr) {
      GTEST_SKIP() << "no io_uring for this process";
    }
  }
  // Three requests on one connection's worth of users.
  static Plan three() {
    Plan plan;
    plan.arrivals = {{.kind = "trace", .duration = 0.2, .times = {0, 0.05, 0.1}}};
    plan.read_timeout = 0.5;
    return plan;
  }
  static LoadResult send(const Plan& plan, const LocalServer& server) {
    return run_load(plan, {.port = server.port()}, GetParam());
  }
  // Each request of a connection gets these bytes; then the connection is closed if it has to be.
  static std::function<void(int)> answering(std::string bytes, bool close = false) {
    return [bytes = std::move(bytes), close](int fd) {
      while (!read_until(fd, "\r\n\r\n").empty()) {
        write_all(fd, bytes);
        if (close) {
          return;
        }
      }
    };
  }
};

INSTANTIATE_TEST_SUITE_P(Each, Http1User, testing::Values("epoll", "io_uring"),
                         [](const auto& engine) { return std::string(engine.param); });

constexpr const char* ok = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n";

TEST_P(Http1User, KeepsItsConnection) {
  const LocalServer server(answering(ok));
  const auto result = send(three(), server);
  EXPECT_EQ(result.all.outcomes(), (Outcomes{{"2xx", 3}}));
  EXPECT_EQ(result.phases.connect.total(), 1U);
  EXPECT_EQ(result.phases.send.total(), 3U);
  EXPECT_EQ(result.phases.last_byte.total(), 3U);
}

TEST_P(Http1User, CountsWhatItSentAndGot) {
  const LocalServer server(answering(ok));
  const auto all = send(three(), server).all;
  EXPECT_EQ(all.due, 3U);
  EXPECT_EQ(all.sent, 3U);
  EXPECT_EQ(all.answered(), 3U);
  const std::string_view request = "GET /healthz HTTP/1.1\r\nHost: sevenstops.test\r\n\r\n";
  EXPECT_EQ(all.bytes_sent, 3 * request.size());
  EXPECT_EQ(all.bytes_received, 3 * std::string_view(ok).size());
}

TEST_P(Http1User, BytesThatTheKernelDidNotTakeAreNotSent) {
  // More than its buffers hold: the answer comes while most of the body is still here.
  const LocalServer server([](int fd) {
    if (!read_until(fd, "\r\n\r\n").empty()) {
      write_all(fd, "HTTP/1.1 413 Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
      await_close(fd);
    }
  });
  constexpr std::int64_t size = 128 << 20;
  auto plan = three();
  plan.arrivals[0].times = {0};
  plan.requests = {{.method = "POST", .body_size = size}};
  const auto all = send(plan, server).all;
  EXPECT_EQ(all.outcomes(), (Outcomes{{"4xx", 1}}));
  EXPECT_GT(all.bytes_sent, 1000U);
  EXPECT_LT(all.bytes_sent, static_cast<std::uint64_t>(size / 2));
}

TEST_P(Http1User, WhoGetsNoConnectionHasBegunOne) {
  // The kernel takes the load's first look; when the requests come, nobody listens any more.
  std::optional<LocalServer> server;
  server.emplace(nullptr);
  auto plan = three();
  plan.arrivals = {{.kind = "trace", .duration = 0.8, .times = {0.5, 0.6}}};
  LoadRun run(plan, {.port = server->port()}, GetParam());
  server.reset();
  const auto all = run.result().all;
  EXPECT_EQ(all.outcomes(), (Outcomes{{"connect_error", 2}}));
  EXPECT_EQ(all.due, 2U);
  EXPECT_EQ(all.sent, 2U);
  EXPECT_EQ(all.answered() + all.bytes_sent + all.bytes_received, 0U);
}

TEST(Http1UserWithoutSockets, HasBegunNothing) {
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  Plan plan;
  plan.arrivals = {{.duration = 1, .rate = 5}};
  Simulation simulation(plan);
  const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &none);
  simulation.run(http1_user);
  ::setrlimit(RLIMIT_NOFILE, &before);
  const auto all = simulation.result().all;
  EXPECT_EQ(all.outcomes(), (Outcomes{{"no_socket", 5}}));
  EXPECT_EQ(all.due, 5U);
  EXPECT_EQ(all.sent, 0U);
}

TEST_P(Http1User, MakesANewOneWhereItMust) {
  const LocalServer closing(answering("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall", true));
  EXPECT_EQ(send(three(), closing).phases.connect.total(), 3U);
  // Whoever says more than was asked for is not trusted with a further request.
  const LocalServer talkative(answering(std::string(ok) + "HTTP/1.1 200 OK"));
  EXPECT_EQ(send(three(), talkative).phases.connect.total(), 3U);
  const LocalServer server(answering(ok));
  auto plan = three();
  plan.keep_alive = false;
  EXPECT_EQ(send(plan, server).phases.connect.total(), 3U);
}

TEST_P(Http1User, SaysHowARequestEnded) {
  const auto outcomes = [](std::function<void(int)> serve) {
    const LocalServer server(std::move(serve));
    return send(three(), server).all.outcomes();
  };
  EXPECT_EQ(outcomes(answering("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfour", true)),
            (Outcomes{{"closed_early", 3}}));
  EXPECT_EQ(outcomes(answering("SSH-2.0-OpenSSH\r\n\r\n")), (Outcomes{{"malformed", 3}}));
  EXPECT_EQ(outcomes([](int fd) {
              (void)read_until(fd, "\r\n\r\n");
              reset_on_close(fd);
            }),
            (Outcomes{{"reset", 3}}));
}

TEST_P(Http1User, GivesUpAnAnswerThatDoesNotCome) {
  const LocalServer server([](int fd) { await_close(fd); });
  auto plan = three();
  plan.read_timeout = 0.05;
  EXPECT_EQ(send(plan, server).all.outcomes(), (Outcomes{{"read_timeout", 3}}));
}

TEST_P(Http1User, RestsForLongerThanAnAnswerMayTake) {
  const LocalServer server(answering(ok));
  auto plan = three();
  plan.arrivals[0] = {.kind = "trace", .duration = 1.3, .times = {0, 1.2}};
  const auto result = send(plan, server);
  EXPECT_EQ(result.all.outcomes(), (Outcomes{{"2xx", 2}}));
  EXPECT_EQ(result.phases.connect.total(), 1U);
}

TEST_P(Http1User, LooksForWhatIsExpected) {
  const LocalServer server(answering(ok));
  auto plan = three();
  plan.requests[0].expect = "ok";
  EXPECT_EQ(send(plan, server).all.unexpected, 0U);
  plan.requests[0].expect = "ko";
  const auto result = send(plan, server);
  EXPECT_EQ(result.all.unexpected, 3U);
  EXPECT_EQ(result.all.outcomes(), (Outcomes{{"2xx", 3}}));
}

TEST_P(Http1User, ThinksBetweenTheRequestsOfAClosedLoop) {
  const LocalServer server(answering(ok));
  Plan plan;
  plan.arrivals = {{.kind = "closed", .duration = 0.35, .think = 0.1}};
  const auto requests = send(plan, server).requests;
  EXPECT_GE(requests, 2U);
  EXPECT_LE(requests, 4U);
}

}  // namespace
}  // namespace sevenstops::load
