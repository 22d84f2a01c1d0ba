#include "load/load.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <thread>

#include "load/plan/client_kind.hpp"
#include "service/service.hpp"

namespace sevenstops::load {
namespace {

using service::hardened;
using service::Service;
using service::Settings;
using namespace std::chrono_literals;

// Everything here holds for both engines.
class Load : public testing::TestWithParam<const char*> {
 protected:
  static LoadResult send(const Plan& plan, std::uint16_t port) {
    return run_load(plan, {.port = port}, GetParam());
  }
  static Plan constant(double rate, double duration) {
    Plan plan;
    plan.arrivals = {{.duration = duration, .rate = rate}};
    plan.connections = 8;
    return plan;
  }
  static CrowdRecord one(const Service& service, Crowd crowd, double duration = 0.5) {
    auto plan = constant(20, duration);
    plan.crowds = {std::move(crowd)};
    const auto result = send(plan, service.port());
    EXPECT_EQ(result.all.outcomes().at("2xx"), result.requests) << "good traffic is harmed";
    return result.crowds[0];
  }
  // Whatever was sent has been walked when nobody is connected any more.
  static void await_no_connections(const Service& service) {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (count(service, "connections_open") > 0 && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(1ms);
    }
    EXPECT_EQ(count(service, "connections_open"), 0U);
  }
  static std::uint64_t count(const Service& service, const char* name) {
    return boost::json::parse(service.stops_json()).at(name).to_number<std::uint64_t>();
  }
};

INSTANTIATE_TEST_SUITE_P(Engines, Load, testing::Values("epoll", "io_uring"),
                         [](const auto& engine) { return std::string(engine.param); });

Settings impatient() {
  auto settings = hardened();
  settings.parse.head_timeout = 0.2;
  settings.parse.body_timeout = 0.2;
  settings.parse.idle_timeout = 0.2;
  settings.drain.linger_timeout = 0.1;
  return settings;
}

TEST_P(Load, EveryRequestHasOneOutcomeAndItsPhases) {
  Service service(hardened(), {.threads = 1, .rows = 10});
  auto plan = constant(400, 0.5);
  plan.requests = {{.name = "ok", .target = "/users/{1..9}", .expect = "\"handler\":\"user\""},
                   {.name = "none", .target = "/nowhere"},
                   {.name = "post", .method = "POST", .target = "/echo", .body_size = 100000}};
  plan.threads = 2;
  const auto result = send(plan, service.port());
  EXPECT_EQ(result.requests, 200U);
  std::uint64_t outcomes = 0;
  for (const auto& [kind, n] : result.all.outcomes()) {
    outcomes += n;
  }
  EXPECT_EQ(outcomes, 200U);
  EXPECT_EQ(result.all.due, 200U);
  EXPECT_EQ(result.all.sent, 200U);
  EXPECT_EQ(result.all.answered(), 200U);
  EXPECT_GT(result.by_name.at("post").bytes_sent, 100000 * result.by_name.at("post").due);
  EXPECT_GT(result.by_name.at("ok").bytes_received, 100 * result.by_name.at("ok").due);
  EXPECT_EQ(count(service, "requests_total"), 200U);
  EXPECT_EQ(result.by_name.at("ok").unexpected, 0U);
  EXPECT_EQ(result.by_name.at("none").statuses().begin()->first, 404U);
  EXPECT_EQ(result.phases.first_byte.total(), 200U);
  EXPECT_EQ(result.client.engine, GetParam());
  std::uint64_t sent = 0;
  std::uint64_t answered = 0;
  for (const auto& interval : result.series) {
    sent += interval.sent;
    answered += interval.answered;
  }
  EXPECT_EQ(sent, 200U);
  EXPECT_EQ(answered, 200U);
}

TEST_P(Load, LargeAnswersComeWhole) {
  Service service(hardened(), {.threads = 1, .rows = 20000});
  Plan plan;
  plan.arrivals = {{.kind = "trace", .duration = 0.1, .times = {0, 0, 0.05}}};
  plan.connections = 2;
  plan.requests = {{.target = "/export.csv"}};
  EXPECT_EQ(send(plan, service.port()).all.outcomes().at("2xx"), 3U);
}

TEST_P(Load, WarmUpIsSentAndNotRecorded) {
  Service service(hardened(), {.threads = 1, .rows = 1});
  auto plan = constant(100, 0.6);
  plan.warm_up = 0.2;
  const auto result = send(plan, service.port());
  EXPECT_EQ(result.warm_up_requests, 20U);
  EXPECT_EQ(result.requests, 40U);
  EXPECT_EQ(result.all.latency.total(), 40U);
  EXPECT_EQ(result.all.due, 40U);
  EXPECT_EQ(result.all.sent, 40U);
  EXPECT_EQ(count(service, "requests_total"), 60U);
}

TEST_P(Load, StragglersAreWaitedForAndThenLost) {
  auto settings = hardened();
  settings.handle.deadline = 60;
  Service service(settings,
                  {.threads = 1, .rows = 1, .faults = {faults::make_fault("slow-dependency=10")}});
  auto plan = constant(50, 0.2);
  plan.requests = {{.name = "page", .target = "/page"}};
  plan.cool_down = 0.1;
  // Ten arrivals for two connections: eight are never sent, and not dropped in silence either.
  plan.connections = 2;
  const auto result = send(plan, service.port());
  EXPECT_EQ(result.requests, 10U);
  EXPECT_EQ(result.all.outcomes(), (std::map<std::string, std::uint64_t>{{"lost", 10}}));
  EXPECT_EQ(result.blocked.no_connection, 8U);
  EXPECT_EQ(result.all.sent, 2U);
  EXPECT_EQ(result.all.answered(), 0U);
  EXPECT_LT(result.duration, 5);
}

TEST_P(Load, ReadTimeoutEndsARequest) {
  Service service(hardened(),
                  {.threads = 1, .rows = 1, .faults = {faults::make_fault("slow-dependency=10")}});
  auto plan = constant(20, 0.2);
  plan.requests = {{.name = "page", .target = "/page"}};
  plan.read_timeout = 0.1;
  EXPECT_EQ(send(plan, service.port()).all.outcomes().at("read_timeout"), 4U);
}

TEST_P(Load, ARefusalIsReadWhileTheBodyIsStillBeingSent) {
  Service service(hardened(), {.threads = 1, .rows = 1});
  auto plan = constant(10, 0.3);
  plan.requests = {{.name = "upload", .method = "POST", .target = "/echo", .body_size = 16 << 20}};
  EXPECT_EQ(send(plan, service.port()).all.statuses(),
            (std::map<unsigned, std::uint64_t>{{413, 3}}));
}

TEST_P(Load, AConnectionThatThePeerClosedInRestIsNotUsedAgain) {
  Service service(impatient(), {.threads = 1, .rows = 1});
  Plan plan;
  plan.arrivals = {{.kind = "trace", .duration = 0.8, .times = {0, 0.7}}};
  const auto result = send(plan, service.port());
  EXPECT_EQ(result.all.outcomes().at("2xx"), 2U);
  EXPECT_EQ(result.phases.connect.total(), 2U);
}

TEST_P(Load, ThinkTimeParts) {
  Service service(hardened(), {.threads = 1, .rows = 1});
  Plan plan;
  plan.arrivals = {{.kind = "closed", .duration = 0.5, .think = 0.1}};
  plan.connections = 2;
  const auto requests = send(plan, service.port()).requests;
  EXPECT_GE(requests, 4U);
  EXPECT_LE(requests, 10U);
}

TEST_P(Load, CancelEndsIt) {
  Service service(hardened(),
                  {.threads = 1, .rows = 1, .faults = {faults::make_fault("slow-dependency=10")}});
  auto plan = constant(100, 60);
  plan.requests = {{.name = "page", .target = "/page"}};
  plan.crowds = {{.kind = "connection_flood", .count = 5}};
  LoadRun run(plan, {.port = service.port()}, GetParam());
  std::this_thread::sleep_for(200ms);
  run.cancel();
  EXPECT_TRUE(run.wait_for(5s));
  const auto result = run.result();
  EXPECT_GT(result.all.outcomes().at("lost"), 0U);
  EXPECT_EQ(result.all.due, result.requests);
  EXPECT_GT(result.all.sent, 0U);
  // One for each connection; none is answered, so the others wait.
  EXPECT_LE(result.all.sent, 8U);
}

TEST_P(Load, AClosedLoopSendsWhatIsDue) {
  Service service(hardened(), {.threads = 1, .rows = 1});
  Plan plan;
  plan.arrivals = {{.kind = "closed", .duration = 0.2}};
  plan.connections = 3;
  const auto all = send(plan, service.port()).all;
  EXPECT_GT(all.due, 0U);
  EXPECT_EQ(all.sent, all.due);
  EXPECT_EQ(all.answered(), all.due);
}

TEST_P(Load, FloodsAndSlowSendersAreTurnedAway) {
  const Service service(impatient(), {.threads = 1, .rows = 1});
  const auto flood = one(service, {.kind = "connection_flood", .count = 5});
  EXPECT_EQ(flood.started, 5U);
  EXPECT_EQ(flood.bytes_read, 0U);
  EXPECT_EQ(one(service, {.kind = "slow_header", .count = 3, .rate = 100}, 0.7).statuses.at(408),
            3U);
  EXPECT_EQ(
      one(service, {.kind = "slow_body", .target = "/echo", .count = 3, .bytes = 1000, .rate = 100},
          0.7)
          .statuses.at(408),
      3U);
}

TEST_P(Load, AWithheldBodyLacksAByte) {
  const Service service(hardened(), {.threads = 1, .rows = 1});
  const auto withheld =
      one(service, {.kind = "withheld_body", .target = "/echo", .count = 3, .bytes = 100000}, 0.3);
  EXPECT_EQ(withheld.statuses.at(0), 3U);
  const auto head = std::string_view("POST /echo HTTP/1.1\r\nHost: a\r\n").size();
  EXPECT_GE(withheld.bytes_sent, 3 * (99999 + head));
  EXPECT_LT(withheld.bytes_sent, 3 * (99999 + head + 100));
}

TEST_P(Load, EndlessSendersAreTurnedAway) {
  const Service service(impatient(), {.threads = 1, .rows = 1});
  const auto header = one(service, {.kind = "endless_header", .count = 2, .bytes = 256 << 20});
  EXPECT_EQ(header.statuses.at(431), 2U);
  EXPECT_LT(header.bytes_sent, 512U << 20);
  const auto body =
      one(service, {.kind = "endless_body", .target = "/echo", .count = 2, .bytes = 256 << 20});
  EXPECT_EQ(body.statuses.at(413), 2U);
  EXPECT_LT(body.bytes_sent, 512U << 20);
}

TEST_P(Load, ReadersReadAtTheirPace) {
  const Service service(hardened(), {.threads = 1, .rows = 20000});
  const auto slow =
      one(service, {.kind = "slow_reader", .target = "/export.csv", .count = 2, .rate = 50000}, 1);
  EXPECT_EQ(slow.statuses.at(200), 2U);
  EXPECT_GT(slow.bytes_read, 50000U);
  EXPECT_LE(slow.bytes_read, 105000U);
  EXPECT_EQ(slow.due, 2U);
  EXPECT_EQ(slow.answered(), 2U);
  ASSERT_EQ(slow.clients.size(), 2U);
  EXPECT_EQ(slow.clients[0].status, 200U);
  EXPECT_GT(slow.clients[0].body_bytes, 20000U);
  EXPECT_FALSE(slow.clients[0].whole);
  const auto stopped =
      one(service, {.kind = "stopped_reader", .target = "/export.csv", .count = 2, .bytes = 5000});
  EXPECT_EQ(stopped.bytes_read, 10000U);
}

TEST_P(Load, OddEndingsAreServed) {
  const Service service(hardened(), {.threads = 1, .rows = 1});
  EXPECT_EQ(one(service, {.kind = "half_closer", .count = 3}).statuses.at(200), 3U);
  EXPECT_EQ(one(service, {.kind = "resetter", .count = 3, .pause = 0.05}).statuses.at(0), 3U);
  const auto before = count(service, "requests_total");
  const auto piped = one(service, {.kind = "pipeliner", .count = 2, .depth = 50}, 0.2);
  EXPECT_EQ(piped.statuses.at(200), 2U);
  EXPECT_EQ(count(service, "requests_total") - before, 100U + 4U);
  const auto raw =
      one(service, {.kind = "raw",
                    .count = 2,
                    .pieces = {{"GET /users/7 HT", 0.02}, {"TP/1.1\r\nHost: a\r\n\r\n", 0}}});
  EXPECT_EQ(raw.statuses.at(200), 2U);
  ASSERT_EQ(raw.clients.size(), 2U);
  EXPECT_TRUE(raw.clients[0].whole);
  EXPECT_EQ(raw.clients[0].sha256, raw.clients[1].sha256);
  EXPECT_EQ(one(service, {.kind = "raw", .pieces = {{"GET / HTTP/1.1\r\nHost: \u00ff\r\n\r\n", 0}}})
                .statuses.at(400),
            1U);
  EXPECT_EQ(count(service, "walks_broken_total"), 0U);
}

TEST_P(Load, AKeepAliveUserComesBackOnItsConnectionOrOnANewOne) {
  auto settings = hardened();
  const Crowd users{.kind = "keep_alive_user", .count = 2, .pause = 0.3, .depth = 3};
  const auto anew = [](const CrowdRecord& record) {
    return std::ranges::count_if(record.clients,
                                 [](const auto& each) { return !each.why.empty(); });
  };
  for (const bool kept : {true, false}) {
    settings.parse.idle_timeout = kept ? 20 : 0.05;
    const Service service(settings, {.threads = 1, .rows = 1});
    const auto record = one(service, users);
    EXPECT_EQ(record.due, 2U);
    EXPECT_EQ(record.fetches_due, 6U);
    EXPECT_EQ(record.statuses.at(200), 2U);
    ASSERT_EQ(record.clients.size(), 6U);
    for (const auto& each : record.clients) {
      EXPECT_TRUE(each.whole) << each.why;
      EXPECT_EQ(each.status, 200U);
      EXPECT_EQ(each.sha256, record.clients.front().sha256);
    }
    // The first of each user's three came on a new connection anyway.
    EXPECT_EQ(anew(record), kept ? 0 : 4);
  }
}

TEST_P(Load, AKeepAliveUserWithoutAnAnswerIsNotWhole) {
  auto settings = hardened();
  settings.accept.queue_time = 0;
  const Service service(
      settings,
      {.threads = 1, .rows = 1, .faults = {faults::make_fault("stalled-acceptor=600/600")}});
  auto plan = constant(20, 0.1);
  plan.cool_down = 0.5;
  plan.read_timeout = 0.1;
  plan.crowds = {{.kind = "keep_alive_user", .count = 1, .pause = 0.01, .depth = 2}};
  const auto record = send(plan, service.port()).crowds[0];
  EXPECT_EQ(record.fetches_due, 2U);
  EXPECT_EQ(record.statuses.at(0), 1U);
  ASSERT_EQ(record.clients.size(), 2U);
  for (const auto& each : record.clients) {
    EXPECT_FALSE(each.whole);
    EXPECT_EQ(each.status, 0U);
    EXPECT_EQ(each.why, "no answer in time");
  }
}

TEST_P(Load, AnOlderClientIsToldThatItsConnectionIsKept) {
  const Service service(hardened(), {.threads = 1, .rows = 1});
  const auto asked = [&](const char* first) {
    const std::string last = "GET /healthz HTTP/1.0\r\n\r\n";
    const auto before = count(service, "requests_total");
    (void)one(service, {.kind = "raw", .pieces = {{first, 0.2}, {last, 0.2}}}, 0.05);
    // The client reads one answer, and may be gone before the service comes to its last request.
    await_no_connections(service);
    return count(service, "requests_total") - before - 1;
  };
  EXPECT_EQ(asked("GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"), 2U);
  EXPECT_EQ(asked("GET /healthz HTTP/1.0\r\n\r\n"), 1U);
}

TEST_P(Load, MisbehavingClientsComeByWeightAsWell) {
  Service service(hardened(), {.threads = 1, .rows = 1});
  auto plan = constant(200, 0.5);
  plan.requests = {{.name = "good", .weight = 3}, {.name = "bad", .weight = 1, .client = "halves"}};
  plan.crowds = {{.kind = "half_closer", .name = "halves", .count = 0}};
  const auto result = send(plan, service.port());
  EXPECT_GT(result.crowds[0].started, 10U);
  EXPECT_EQ(result.requests + result.crowds[0].started, 100U);
  EXPECT_EQ(result.crowds[0].statuses.at(200), result.crowds[0].started);
  plan.crowds = {{.kind = "connection_flood", .name = "halves", .count = 0, .at_most = 2}};
  const auto capped = send(plan, service.port());
  EXPECT_EQ(capped.crowds[0].started, 2U);
  plan.threads = 2;
  EXPECT_EQ(send(plan, service.port()).crowds[0].started, 2U);
  EXPECT_EQ(capped.requests + 2 + capped.blocked.no_client, 100U);
}

TEST_P(Load, CrowdsRepeatForAsLongAsTheLoadLasts) {
  const Service service(hardened(), {.threads = 1, .rows = 1});
  EXPECT_GT(one(service, {.kind = "half_closer", .count = 1, .repeat = true}).started, 5U);
}

TEST(LoadRun, RefusesBeforeAnythingIsSent) {
  Plan plan;
  plan.arrivals = {{.duration = 1, .rate = 10}};
  const auto sentence = [&](const Target& target, const char* engine = "auto") -> std::string {
    try {
      (void)run_load(plan, target, engine);
    } catch (const std::exception& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_NE(sentence({.port = 80, .address = "192.0.2.1"}).find("not this machine"),
            std::string::npos);
  EXPECT_NE(sentence({.port = 80, .address = "::ffff:192.0.2.1"}).find("not this machine"),
            std::string::npos);
  EXPECT_EQ(sentence({.port = 1}), "nothing answers on 127.0.0.1:1: Connection refused");
  EXPECT_EQ(sentence({.port = 1, .address = "localhost"}), "'localhost' is not an IP address");
  plan.connections = 100000;
  EXPECT_NE(sentence({.port = 1}).find("needs 100064 file descriptors"), std::string::npos);
}

TEST(ClientKinds, EachSaysWhatItDoes) {
  EXPECT_EQ(client_kinds().size(), 16U);
  for (const auto& [name, kind] : client_kinds()) {
    EXPECT_FALSE(kind.meaning.empty()) << name;
    EXPECT_NE(kind.run, nullptr) << name;
  }
}

}  // namespace
}  // namespace sevenstops::load
