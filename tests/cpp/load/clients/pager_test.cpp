#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "../dispatch/simulation.hpp"
#include "../engine/local_server.hpp"
#include "load/load.hpp"
#include "load/sha256.hpp"

namespace sevenstops::load {
namespace {

// What the server says to a path, or nothing for a 404.
using Pages = std::map<std::string, std::string>;

std::string answer(const std::string& status, const std::string& body) {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}

class Pager : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (std::string_view(GetParam()) == "io_uring" && make_uring_engine() == nullptr) {
      GTEST_SKIP() << "no io_uring for this process";
    }
  }
  // From a server that has these pages.
  CrowdRecord fetch(const Pages& pages) {
    return fetch_from([&pages](const std::string& path) {
      const auto found = pages.find(path);
      return found == pages.end() ? answer("404 Not Found", "none")
                                  : answer("200 OK", found->second);
    });
  }
  // From a server that keeps its connections, and closes where `reply` is empty. Ends when the
  // second fetch has been begun, and so the first is over.
  CrowdRecord fetch_from(const std::function<std::string(const std::string&)>& reply) {
    lists_ = connections_ = 0;
    const LocalServer server([&](int fd) { serve(fd, reply); });
    Plan plan;
    plan.arrivals = {{.kind = "trace", .duration = longest, .times = {0}}};
    plan.keep_alive = false;
    plan.crowds = {{.kind = "pager", .target = "/list", .rate = 20}};
    LoadRun run(plan, {.port = server.port()}, GetParam());
    while (lists_ < 2 && run.elapsed() < longest) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    run.cancel();
    return run.result().crowds.at(0);
  }
  void serve(int fd, const std::function<std::string(const std::string&)>& reply) {
    bool asked = false;
    for (auto head = read_until(fd, "\r\n\r\n"); !head.empty(); head = read_until(fd, "\r\n\r\n")) {
      const auto path = head.substr(4, head.find(' ', 4) - 4);
      connections_ += path != "/healthz" && lists_ < 2 && !std::exchange(asked, true) ? 1 : 0;
      lists_ += path == "/list" ? 1 : 0;
      const auto bytes = reply(path);
      write_all(fd, bytes);
      if (bytes.empty() || bytes.find("Connection: close") != std::string::npos) {
        return;
      }
    }
  }
  static std::string why(const CrowdRecord& record) {
    EXPECT_FALSE(record.clients.empty());
    return record.clients.empty() ? "" : record.clients.front().why;
  }

  static constexpr double longest = 60;
  // How often the first page was asked for, and on how many connections until it was again.
  std::atomic<int> lists_{0};
  std::atomic<int> connections_{0};
};

INSTANTIATE_TEST_SUITE_P(Each, Pager, testing::Values("epoll", "io_uring"),
                         [](const auto& engine) { return std::string(engine.param); });

TEST_P(Pager, FetchesTheWholeList) {
  const std::string first = R"({"orders":[{"id":1},{"id":2}],"next":"/list?cursor=2"})";
  const std::string second = R"({"orders":[{"id":3}],"next":null})";
  const auto record = fetch({{"/list", first}, {"/list?cursor=2", second}});
  ASSERT_FALSE(record.clients.empty());
  const auto& client = record.clients.front();
  Sha256 digest;
  digest.update(first + second);
  EXPECT_TRUE(client.whole) << client.why;
  EXPECT_EQ(client.status, 200U);
  EXPECT_EQ(client.pages, 2U);
  EXPECT_EQ(client.rows, 3U);
  EXPECT_EQ(client.repeated, 0U);
  EXPECT_EQ(client.body_bytes, first.size() + second.size());
  EXPECT_EQ(client.sha256, digest.hex());
  EXPECT_GE(client.seconds, 0);
  // The second fetch has a connection of its own.
  EXPECT_EQ(connections_, 2);
  EXPECT_GE(record.fetches_due, record.clients.size());
  EXPECT_EQ(record.due, 1U);
  EXPECT_EQ(record.answered(), 1U);
  EXPECT_GT(record.bytes_read, first.size() + second.size());
}

TEST_P(Pager, MakesANewConnectionWhereItMust) {
  const auto record = fetch_from([](const std::string& path) {
    const std::string end = R"({"rows":[{"id":2}]})";
    return path == "/list" ? "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
                             R"({"rows":[{"id":1}],"next":"/end"})"
                           : answer("200 OK", end);
  });
  ASSERT_FALSE(record.clients.empty());
  EXPECT_TRUE(record.clients[0].whole) << record.clients[0].why;
  EXPECT_EQ(record.clients[0].rows, 2U);
  // Two for the first fetch, and that of the second.
  EXPECT_EQ(connections_, 3);
}

TEST_P(Pager, SaysWhyAListIsNotWhole) {
  const auto twice = fetch({{"/list", R"({"rows":[{"id":1},{"id":2},{"id":1}]})"}});
  EXPECT_EQ(why(twice), "a row that came again");
  EXPECT_EQ(twice.clients.at(0).rows, 2U);
  EXPECT_EQ(twice.clients.at(0).repeated, 1U);
  EXPECT_FALSE(twice.clients.at(0).whole);
  EXPECT_EQ(why(fetch({{"/list", R"({"rows":[{"id":1},{}]})"}})), "a row without an id");
  EXPECT_EQ(why(fetch({{"/list", R"({"rows":[{"id":1}],"next":"/list"})"}})),
            "its next was followed before");
  EXPECT_EQ(why(fetch({{"/list", R"({"rows":[{"id":1}],"next":"elsewhere"})"}})),
            "its next is no path");
  EXPECT_EQ(why(fetch({{"/list", R"({"rows":[],"next":"/a b"})"}})), "its next is no path");
  EXPECT_EQ(why(fetch({{"/list", "soon"}})), "a page that is no JSON");
  const auto broken = fetch({{"/list", R"({"rows":[{"id":1}],"next":"/gone"})"}});
  EXPECT_EQ(why(broken), "an answer other than 200");
  EXPECT_EQ(broken.clients.at(0).status, 404U);
  EXPECT_EQ(broken.clients.at(0).pages, 1U);
  EXPECT_EQ(why(fetch_from([](const std::string&) { return ""; })), "the connection broke");
  EXPECT_EQ(why(fetch_from([](const std::string&) { return "SSH-2.0-OpenSSH\r\n\r\n"; })),
            "an answer that is no HTTP");
}

TEST_P(Pager, GivesUpAPageThatIsTooLarge) {
  const std::string blank(std::size_t{65} << 20, ' ');
  const auto record = fetch({{"/list", R"({"rows":[{"id":1}],)" + blank}});
  EXPECT_EQ(why(record), "a page of more than 64 MiB");
  EXPECT_LT(record.clients.at(0).body_bytes, std::uint64_t{65} << 20);
}

// In a world where no answer comes.
TEST(PagerInTime, WhatIsDueWaitsForTheLastOne) {
  Plan plan;
  plan.arrivals = {{.duration = 10, .rate = 0.1}};
  plan.read_timeout = 4;
  plan.cool_down = 0;
  plan.crowds = {{.kind = "pager", .rate = 2}};
  Simulation simulation(plan);
  simulation.run(0);
  const auto record = simulation.result().crowds[0];
  EXPECT_EQ(record.fetches_due, 20U);
  ASSERT_EQ(record.clients.size(), 3U);
  EXPECT_EQ(record.clients[0].why, "no answer in time");
  EXPECT_NEAR(record.clients[0].seconds, 4, 0.1);
  // Due half a second after the first, and begun four after it.
  EXPECT_NEAR(record.clients[1].seconds, 7.5, 0.1);
  EXPECT_EQ(record.clients[2].why, "the load ended");
  EXPECT_FALSE(record.clients[2].whole);
  EXPECT_EQ(record.statuses.at(0), 1U);
}

TEST(PagerInTime, HasAPhaseOfItsOwnFromTheSeed) {
  const auto begun = [](std::uint64_t seed) {
    Plan plan;
    plan.seed = seed;
    plan.arrivals = {{.duration = 10, .rate = 0.1}};
    plan.read_timeout = 100;
    plan.cool_down = 0;
    plan.crowds = {{.kind = "pager", .count = 2, .rate = 0.2}};
    Simulation simulation(plan);
    simulation.run(0);
    std::vector<double> seconds;
    const auto result = simulation.result();
    for (const auto& client : result.crowds[0].clients) {
      seconds.push_back(client.seconds);
    }
    // Both end with the load, whoever comes first.
    std::ranges::sort(seconds);
    return seconds;
  };
  const auto once = begun(7);
  ASSERT_EQ(once.size(), 2U);
  EXPECT_NE(once[0], once[1]);
  EXPECT_EQ(once, begun(7));
  EXPECT_NE(once, begun(8));
}

}  // namespace
}  // namespace sevenstops::load
