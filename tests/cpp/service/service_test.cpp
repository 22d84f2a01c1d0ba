#include "service/service.hpp"

#include <gtest/gtest.h>

#include <array>
#include <boost/json.hpp>
#include <thread>

#include "../support/sockets.hpp"
#include "load/fetch.hpp"
#include "load/load.hpp"
#include "probes/listener.hpp"
#include "stops/accept/accept.hpp"

namespace sevenstops::service {
namespace {

using load::fetch;
using load::LoadRun;
using load::Plan;
using load::run_load;
using stops::Listeners;
using upstream::Dependency;
using namespace std::chrono_literals;

boost::json::object stops(const Service& service) {
  return boost::json::parse(service.stops_json()).as_object();
}

Plan mixed(double duration) {
  Plan plan;
  plan.arrivals = {{.kind = "closed", .duration = duration}};
  plan.connections = 24;
  plan.threads = 2;
  plan.requests = {
      {.name = "healthz"},
      {.name = "me", .target = "/users/me", .expect = "user_me"},
      {.name = "orders", .target = "/orders?limit=50", .expect = "\"id\":50"},
      {.name = "echo", .method = "POST", .target = "/echo", .body = "x", .expect = "x"}};
  return plan;
}

TEST(Service, ManyThreadsServeManyClientsAndCountEachRequest) {
  auto settings = hardened();
  // A machine that others use makes requests wait, and what has waited long is turned away.
  settings.accept.queue_time = 0;
  settings.handle.queue_time = 20;
  settings.handle.deadline = 20;
  Service service(settings, {.threads = 4, .rows = 200});
  const auto result = run_load(mixed(0.5), {service.port()});
  std::uint64_t unexpected = 0;
  for (const auto& [name, record] : result.by_name) {
    unexpected += record.unexpected;
  }
  EXPECT_GT(result.requests, 100U);
  EXPECT_EQ(result.all.outcomes().at("2xx"), result.requests);
  EXPECT_EQ(unexpected, 0U);
  const auto counted = stops(service);
  EXPECT_EQ(counted.at("requests_total").to_number<std::uint64_t>(), result.requests);
  EXPECT_EQ(counted.at("walks_broken_total").to_number<std::uint64_t>(), 0U);
  const auto& each = counted.at("stops").as_object();
  for (const auto* name : {"route", "middleware", "handle", "serialize", "drain"}) {
    EXPECT_EQ(each.at(name).at("entered").to_number<std::uint64_t>(), result.requests) << name;
  }
}

TEST(Service, StopsInTheMiddleOfALoad) {
  for (int i = 0; i < 5; ++i) {
    auto service = std::make_unique<Service>(hardened(), ServiceOptions{.threads = 3, .rows = 200});
    auto plan = mixed(0.3);
    plan.read_timeout = 0.2;
    LoadRun run(plan, {service->port()});
    std::this_thread::sleep_for(50ms);
    service.reset();
    EXPECT_GT(run.result().requests, 0U);
  }
}

faults::Faults injected(std::initializer_list<std::string> faults) {
  faults::Faults made;
  for (const auto& fault : faults) {
    made.push_back(faults::make_fault(fault));
  }
  return made;
}

faults::Faults leaf_model(int seed) {
  return injected(
      {"latency=lognormal/0.002/0.3", "straggle=0.05/0.1", "seed=" + std::to_string(seed)});
}

Plan pages(double duration) {
  Plan plan;
  plan.arrivals = {{.kind = "closed", .duration = duration}};
  plan.connections = 8;
  plan.requests = {{.name = "page", .target = "/page"}};
  return plan;
}

TEST(Service, HedgesToOtherReplicasWithinTheBudget) {
  auto settings = hardened();
  settings.handle.deadline = 5;
  Service first(settings, {.threads = 1, .rows = 1, .faults = leaf_model(1)});
  Service second(settings, {.threads = 1, .rows = 1, .faults = leaf_model(2)});
  settings.handle.hedge.quantile = 0.9;
  settings.handle.hedge.budget = 0.2;
  const Dependency leaf{.name = "leaf", .replicas = {first.port(), second.port()}, .leaves = 20};
  Service entry(settings, {.threads = 2, .rows = 1, .dependencies = {leaf}});
  const auto result = run_load(pages(2.5), {entry.port()});
  EXPECT_EQ(result.all.outcomes().at("2xx"), result.requests);
  const auto counted = stops(entry);
  const auto count = [&](const char* name) { return counted.at(name).to_number<std::uint64_t>(); };
  const auto hedges = count("dependency_hedges_total");
  EXPECT_GT(hedges, 0U);
  EXPECT_GT(count("dependency_hedges_won_total"), 0U);
  EXPECT_LE(static_cast<double>(hedges), 0.2 * static_cast<double>(20 * result.requests));
  EXPECT_EQ(count("dependency_requests_total"), hedges + 20 * result.requests);
  EXPECT_EQ(count("walks_broken_total"), 0U);
}

TEST(Service, AsksThroughErrorsSlownessAndFullPools) {
  auto settings = hardened();
  auto queued = leaf_model(3);
  queued.push_back(faults::make_fault("workers=2"));
  Service errors(settings, {.threads = 1, .rows = 1, .faults = injected({"fail=0.3"})});
  Service slow(settings, {.threads = 1, .rows = 1, .faults = injected({"slow-dependency=5"})});
  Service first(settings, {.threads = 1, .rows = 1, .faults = queued});
  Service second(settings, {.threads = 1, .rows = 1, .faults = queued});
  settings.handle.deadline = 0.2;
  settings.handle.pool.limit = 4;
  settings.handle.retry.budget = 1;
  settings.handle.hedge.tied = true;
  const std::vector<Dependency> dependencies = {
      {.name = "errors", .replicas = {errors.port()}, .leaves = 3},
      {.name = "slow", .replicas = {slow.port()}, .leaves = 2, .optional = true},
      {.name = "leaf", .replicas = {first.port(), second.port()}, .leaves = 5}};
  Service entry(settings, {.threads = 2, .rows = 1, .dependencies = dependencies});
  const auto result = run_load(pages(1.5), {entry.port()});
  const auto counted = stops(entry);
  const auto count = [&](const char* name) { return counted.at(name).to_number<std::uint64_t>(); };
  EXPECT_GT(count("dependency_retries_total"), 0U);
  EXPECT_GT(count("pages_partial_total"), 0U);
  EXPECT_GT(count("breakers_opened_total"), 0U);
  EXPECT_GT(count("dependency_stopped_total"), 0U);
  EXPECT_GT(count("pool_waits_total"), 0U);
  EXPECT_EQ(result.all.outcomes().at("2xx"), count("pages_partial_total"));
  EXPECT_EQ(count("walks_broken_total"), 0U);
  EXPECT_EQ(stops(slow).at("work_completed_total").to_number<std::uint64_t>(), 0U);
}

// The status of /orders while three reports keep as many workers as they get, and stand in a queue
// of one.
unsigned status_beside_reports(bool bulkheads) {
  constexpr std::int64_t many_rows = 60000;
  auto settings = hardened();
  settings.handle.workers = 2;
  settings.handle.queue_limit = 1;
  settings.handle.deadline = 3600;
  settings.handle.bulkheads = bulkheads;
  const Service service(settings, {.threads = 1, .rows = many_rows});
  base::asio::io_context io;
  std::vector<base::tcp::socket> reports;
  for (int i = 0; i < 3; ++i) {
    test::send(reports.emplace_back(test::connect(io, service.port())),
               "GET /report HTTP/1.1\r\nHost: a\r\n\r\n");
  }
  while (stops(service).at("queries_total").to_number<int>() < 3) {
    std::this_thread::sleep_for(100us);
  }
  return load::fetch({service.port()}, "/orders?limit=1", 20s).status;
}

TEST(Service, ReportsLeaveWorkersToOthers) {
  EXPECT_EQ(status_beside_reports(true), 200U);
  // A report may have ended by then.
  constexpr int tries = 10;
  unsigned status = 200;
  for (int i = 0; i < tries && status == 200; ++i) {
    status = status_beside_reports(false);
  }
  EXPECT_EQ(status, 503U);
}

TEST(Service, StopsWhileItAsksOthers) {
  Service first(hardened(), {.threads = 1, .rows = 1, .faults = leaf_model(1)});
  const Dependency leaf{.name = "leaf", .replicas = {first.port(), first.port()}, .leaves = 20};
  for (int i = 0; i < 5; ++i) {
    auto entry = std::make_unique<Service>(
        hardened(), ServiceOptions{.threads = 2, .rows = 1, .dependencies = {leaf}});
    auto plan = pages(0.3);
    plan.read_timeout = 0.2;
    LoadRun run(plan, {entry->port()});
    std::this_thread::sleep_for(50ms);
    entry.reset();
    (void)run.result();
  }
}

void listen_by(Settings& settings, Listeners listeners) {
  settings.accept.reuse_port = listeners == Listeners::per_thread;
  settings.accept.share_listener = listeners == Listeners::shared;
  ASSERT_EQ(settings.accept.listeners(), listeners);
}

constexpr std::array all_listeners = {Listeners::per_thread, Listeners::one_acceptor,
                                      Listeners::shared};

// What becomes of requests that come on a connection each.
load::LoadResult newcomers(std::uint16_t port, double read_timeout) {
  auto plan = mixed(0.3);
  plan.requests = {{.name = "healthz"}};
  plan.keep_alive = false;
  plan.read_timeout = read_timeout;
  return run_load(plan, {port});
}

TEST(Service, EveryWayToListenServesNewcomers) {
  for (const auto listeners : all_listeners) {
    for (const bool drain_queue : {true, false}) {
      auto settings = hardened();
      listen_by(settings, listeners);
      settings.accept.drain_queue = drain_queue;
      const Service service(settings, {.threads = 3, .rows = 1});
      const auto result = newcomers(service.port(), 20);
      EXPECT_GT(result.requests, 0U);
      EXPECT_EQ(result.all.outcomes().at("2xx"), result.requests);
    }
  }
}

TEST(Service, WhoSharesAListenerTakesWhatAStuckThreadDoesNot) {
  for (const std::string stuck : {"1", "2"}) {
    for (const bool drain_queue : {true, false}) {
      auto settings = hardened();
      listen_by(settings, Listeners::shared);
      settings.accept.drain_queue = drain_queue;
      const Service service(
          settings,
          {.threads = 2, .rows = 1, .faults = injected({"stuck-acceptor=" + stuck + "/600"})});
      const auto result = newcomers(service.port(), 20);
      EXPECT_GT(result.requests, 0U);
      EXPECT_EQ(result.all.outcomes().at("2xx"), result.requests);
    }
  }
  auto settings = hardened();
  listen_by(settings, Listeners::per_thread);
  const Service service(settings,
                        {.threads = 2, .rows = 1, .faults = injected({"stuck-acceptor=2/600"})});
  const auto result = newcomers(service.port(), 0.2);
  EXPECT_LT(result.all.outcomes().at("2xx"), result.requests);
}

TEST(Service, AllThatShareAListenerMayBeStuckForAWhile) {
  auto settings = hardened();
  listen_by(settings, Listeners::shared);
  settings.accept.queue_time = 0;
  const Service service(settings,
                        {.threads = 2,
                         .rows = 1,
                         .faults = injected({"stuck-acceptor=1/600", "stuck-acceptor=2/0.3"}),
                         .hold_faults = true});
  const auto before = base::Clock::now();
  EXPECT_EQ(load::post({service.admin_port()}, "/faults/begin", 20s).status, 204U);
  EXPECT_EQ(fetch({service.port()}, "/healthz", 20s).status, 200U);
  EXPECT_GE(base::Clock::now() - before, 300ms);
}

TEST(Service, TakenPortIsOneSentence) {
  for (const auto of_first : all_listeners) {
    for (const auto of_second : all_listeners) {
      auto settings = hardened();
      listen_by(settings, of_first);
      Service first(settings, {.threads = 2, .rows = 1});
      listen_by(settings, of_second);
      EXPECT_THROW(Service(settings, {.port = first.port(), .threads = 2, .rows = 1}),
                   std::runtime_error);
    }
  }
}

TEST(Service, ABacklogThatTheKernelCutsIsSaid) {
  constexpr std::int64_t most = 65535;
  const auto granted = stops::backlog_granted(most);
  if (granted == most) {
    GTEST_SKIP() << "this kernel cuts no backlog";
  }
  auto settings = hardened();
  const auto said = [&](std::int64_t backlog) {
    settings.accept.backlog = backlog;
    testing::internal::CaptureStderr();
    { const Service service(settings, {.threads = 1, .rows = 1}); }
    return testing::internal::GetCapturedStderr();
  };
  EXPECT_EQ(said(granted), "");
  const auto sentence = "accept.backlog is 65535, and the kernel makes it " +
                        std::to_string(granted) + ": net.core.somaxconn is lower";
  EXPECT_NE(said(most).find(sentence), std::string::npos);
}

TEST(Service, HeldConnectionsAreBoundedAndTheRestAreTold) {
  auto settings = hardened();
  settings.accept.max_connections = 4;
  Service service(settings, {.threads = 1, .rows = 1});
  auto plan = mixed(0.3);
  plan.connections = 16;
  plan.requests = {{.name = "healthz"}};
  const auto result = run_load(plan, {service.port()});
  EXPECT_GT(result.all.statuses().at(200), 0U);
  EXPECT_GT(result.all.statuses().at(503), 0U);
}

TEST(Service, OneWhoPushesForEverAfterItsAnswerIsCut) {
  const auto settings = hardened();
  Service service(settings, {.threads = 1, .rows = 1});
  for (const std::string path : {"/admin/wipe", "/echo"}) {
    const auto before = stops(service).at("lingered_bytes_total").to_number<std::uint64_t>();
    boost::asio::io_context io;
    auto socket = test::connect(io, service.port());
    test::send(socket,
               "POST " + path + " HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    // A chunk of 64 KiB after the other: the wipe is not for everybody, and the echo has a limit.
    const std::string chunk = "10000\r\n" + std::string(65536, 'x') + "\r\n";
    std::uint64_t sent = 0;
    boost::system::error_code error;
    while (!error) {
      sent += boost::asio::write(socket, boost::asio::buffer(chunk), error);
    }
    const auto counted = stops(service);
    EXPECT_EQ(counted.at("lingered_bytes_total").to_number<std::uint64_t>() - before,
              static_cast<std::uint64_t>(settings.drain.linger_bytes));
    // What was in the kernel comes on top.
    EXPECT_LT(sent, static_cast<std::uint64_t>(settings.parse.body_limit) + (64U << 20));
    EXPECT_LE(counted.at("refused_buffered_bytes_max").to_number<std::int64_t>(),
              settings.parse.body_limit + (256 << 10));
  }
}

TEST(Service, ListenerProbeSeesBacklogAndDrops) {
  auto settings = hardened();
  settings.accept.backlog = 4;
  listen_by(settings, Listeners::one_acceptor);
  Service service(settings,
                  {.threads = 1, .rows = 1, .faults = injected({"stalled-acceptor=10/10"})});
  const auto before = probes::probe_listener(service.port());
  EXPECT_EQ(before.backlog, 4U);
  EXPECT_EQ(before.drops, 0U);
  Plan plan;
  plan.connections = 30;
  plan.arrivals = {{.kind = "closed", .duration = 0.2}};
  plan.connect_timeout = 0.2;
  plan.read_timeout = 0.1;
  (void)run_load(plan, {service.port()});
  const auto drops = probes::probe_listener(service.port()).drops;
  EXPECT_GT(drops, 0U);
  const auto metrics = service.metrics_text();
  const std::string name = "\nsevenstops_listen_drops_total ";
  const auto found = metrics.find(name);
  ASSERT_NE(found, std::string::npos);
  EXPECT_GE(std::stoull(metrics.substr(found + name.size())), drops);
  const auto [status, scraped] = fetch({service.admin_port()}, "/metrics", 20s);
  EXPECT_NE(scraped.find(name), std::string::npos);
}

TEST(Service, ALoopThatIsHeldUpIsLate) {
  auto settings = hardened();
  settings.handle.off_loop = false;
  settings.handle.deadline = 20;
  Service service(settings, {.threads = 1, .rows = 400'000});
  const auto late = [&] {
    const std::string name = "\nsevenstops_loop_late_duration_seconds_sum ";
    const auto text = service.metrics_text();
    return std::stod(text.substr(text.find(name) + name.size()));
  };
  const auto before = late();
  (void)fetch({service.port()}, "/report", 20s);
  const auto timed = stops(service).at("stops").at("handle").at("seconds").to_number<double>();
  // The next turn of the loop tells.
  const auto end = base::Clock::now() + 10s;
  while (late() - before <= timed / 2 && base::Clock::now() < end) {
    std::this_thread::sleep_for(5ms);
  }
  EXPECT_GT(late() - before, timed / 2);
}

}  // namespace
}  // namespace sevenstops::service
