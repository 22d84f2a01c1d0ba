#include <gtest/gtest.h>

#include <atomic>

#include "../engine/local_server.hpp"
#include "load/load.hpp"

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
