#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <functional>
#include <map>
#include <stdexcept>
#include <thread>

#include "../cpp/stops/fakes.hpp"
#include "../cpp/support/run.hpp"
#include "../cpp/support/self_signed.hpp"
#include "../cpp/support/sockets.hpp"
#include "http2_floods.hpp"
#include "load/fetch.hpp"
#include "service/report.hpp"
#include "service/service.hpp"
#include "stops/handle/endpoint.hpp"
#include "stops/http1/caller.hpp"
#include "stops/walk.hpp"
#include "stops/walk_http1.hpp"

namespace sevenstops {
namespace {

namespace asio = boost::asio;
using base::Clock;
using http::Reason;
using service::Service;
using service::ServiceOptions;
using service::Settings;
using test::tcp;
using namespace std::chrono_literals;

// What a client and the admin listener saw of a provocation.
struct Seen {
  // The last answer; empty where none was to be seen.
  std::string answer;
  std::string stops;
  std::string metrics;
};

std::uint64_t count(const std::string& stops, std::string_view name) {
  return boost::json::parse(stops).at(name).to_number<std::uint64_t>();
}

// What a stop refused for a reason.
std::uint64_t refused(const std::string& stops, const http::ReasonInfo& about) {
  const auto document = boost::json::parse(stops);
  const auto& all =
      document.at("stops").at(base::stop_names[base::index(about.stop)]).at("refused").as_object();
  return all.contains(about.name) ? all.at(about.name).to_number<std::uint64_t>() : 0;
}

// What all stops refused, for whatever reason.
std::uint64_t refused(const std::string& stops) {
  std::uint64_t sum = 0;
  const auto document = boost::json::parse(stops);
  for (const auto& [stop, counted] : document.at("stops").as_object()) {
    for (const auto& [reason, n] : counted.at("refused").as_object()) {
      sum += n.to_number<std::uint64_t>();
    }
  }
  return sum;
}

// Waits, for a good while at most.
bool until(const std::function<bool()>& done) {
  const auto end = Clock::now() + 20s;
  while (!done()) {
    if (Clock::now() > end) {
      return false;
    }
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

// A whole answer of a declared length, interim ones left out.
std::string receive_answer(tcp::socket& socket) {
  return test::receive_until(socket, [](std::string& text) {
    while (text.starts_with("HTTP/1.1 1") && text.find("\r\n\r\n") != std::string::npos) {
      text.erase(0, text.find("\r\n\r\n") + 4);
    }
    const auto head = text.find("\r\n\r\n");
    const auto length = text.find("Content-Length: ");
    return head != std::string::npos && length < head &&
           text.size() >= head + 4 + std::stoul(text.substr(length + 16));
  });
}

class Provocation {
 public:
  explicit Provocation(Settings settings = service::hardened(), ServiceOptions options = {})
      : service_(settings, with_defaults(std::move(options))) {}

  tcp::socket connect() { return test::connect(io_, service_.port()); }
  std::string ask(const std::string& bytes) {
    auto socket = connect();
    test::send(socket, bytes);
    return receive_answer(socket);
  }
  void say_unready() { service_.say_unready(); }
  [[nodiscard]] std::string stops() const { return service_.stops_json(); }
  // What is seen once the refusal has been counted.
  Seen seen(Reason reason, std::string answer) {
    until([&] { return refused(stops(), http::info(reason)) > 0; });
    const load::Target admin{service_.admin_port()};
    return {std::move(answer), load::fetch(admin, "/stops", 5s).body,
            load::fetch(admin, "/metrics", 5s).body};
  }

 private:
  static ServiceOptions with_defaults(ServiceOptions options) {
    options.threads = 1;
    options.rows = options.rows == ServiceOptions().rows ? 1 : options.rows;
    return options;
  }

  asio::io_context io_;
  Service service_;
};

std::string get(const std::string& target, const std::string& fields = "") {
  return "GET " + target + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}

std::string post(const std::string& fields, const std::string& body) {
  return "POST /echo HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n" + body;
}

std::string chunks(const std::string& body) { return post("Transfer-Encoding: chunked\r\n", body); }

faults::Faults injected(const std::string& fault) { return {faults::make_fault(fault)}; }

// Hardened settings with a change.
template <class Change>
Settings with(Change change) {
  auto settings = service::hardened();
  change(settings);
  return settings;
}

using Provoke = std::function<Seen(Reason)>;

// One request is refused.
Provoke sent(const std::string& bytes, const Settings& settings = service::hardened(),
             const std::string& fault = "") {
  return [=](Reason reason) {
    Provocation provocation(settings,
                            {.faults = fault.empty() ? faults::Faults() : injected(fault)});
    return provocation.seen(reason, provocation.ask(bytes));
  };
}

// Frames of HTTP/2 are: there is no answer, or one that only another HTTP/2 could read.
Provoke framed(const std::string& bytes, const Settings& settings = service::hardened()) {
  return [=](Reason reason) {
    Provocation provocation(settings);
    auto socket = provocation.connect();
    std::thread sender([&] { test::send(socket, test::http2_begin() + bytes); });
    auto seen = provocation.seen(reason, "");
    boost::system::error_code error;
    socket.shutdown(tcp::socket::shutdown_both, error);
    sender.join();
    return seen;
  };
}

Provoke flooded(Reason reason) {
  for (const auto& flood : floods()) {
    if (flood.name == http::info(reason).name) {
      return framed(flood.bytes());
    }
  }
  throw std::logic_error("there is no such flood");
}

// Twice as many streams are worked for as there may be, since nobody notices who has left.
Seen beyond_the_streams(Reason reason) {
  auto settings = with([](Settings& s) {
    s.parse.http2.streams = 1;
    s.handle.cancel = false;
    s.handle.deadline = 60;
  });
  Provocation provocation(settings, {.faults = injected("slow-dependency=1")});
  auto socket = provocation.connect();
  std::string bytes = test::http2_begin();
  for (const std::uint32_t id : {1, 3, 5}) {
    bytes += test::get_frame(id, "/page") +
             test::frame(NGHTTP2_RST_STREAM, 0, id, test::big_endian(NGHTTP2_CANCEL));
  }
  test::send(socket, bytes);
  return provocation.seen(reason, "");
}

Seen beyond_the_connections(Reason reason) {
  Provocation provocation(with([](Settings& s) { s.accept.max_connections = 1; }));
  // Who has begun to speak keeps its place.
  auto held = provocation.connect();
  test::send(held, post("Content-Length: 9\r\nExpect: 100-continue\r\n", ""));
  (void)test::receive(held, 1);
  auto socket = provocation.connect();
  return provocation.seen(reason, receive_answer(socket));
}

Seen without_tls(Reason reason) {
  const test::SelfSigned identity;
  Provocation provocation(
      service::hardened(),
      {.tls = base::TlsFiles{.certificate = identity.path(), .key = identity.key_path()}});
  return provocation.seen(reason, provocation.ask(get("/healthz")));
}

// Others hold it whose bodies have all but come, and nobody is called slow.
Seen beyond_the_budget(Reason reason) {
  constexpr std::size_t size = 38000;
  constexpr int others = 4;
  Provocation provocation(with([](Settings& s) {
    s.parse.byte_budget = 200000;
    s.parse.body_limit = 60000;
    s.parse.body_rate = 0;
  }));
  const auto length = "Content-Length: " + std::to_string(size) + "\r\n";
  std::vector<tcp::socket> held;
  for (int i = 0; i < others; ++i) {
    test::send(held.emplace_back(provocation.connect()), post(length, std::string(size - 1, 'x')));
  }
  until([&] { return count(provocation.stops(), "held_bytes") >= others * (size - 1); });
  return provocation.seen(reason, provocation.ask(post("Content-Length: 60000\r\n", "")));
}

Seen beyond_the_rate(Reason reason) {
  Provocation provocation(with([](Settings& s) {
    s.middleware.rate_limit = 0.001;
    s.middleware.rate_burst = 1;
  }));
  (void)provocation.ask(get("/users/7"));
  return provocation.seen(reason, provocation.ask(get("/users/7")));
}

// One page takes its time, on a service that has one at once or makes the next one wait.
Provoke beyond_the_admission(stops::AdmissionMethod method) {
  return [=](Reason reason) {
    Provocation provocation(with([=](Settings& s) {
                              s.handle.deadline = 60;
                              s.accept.admission = {
                                  .method = method, .limit = 1, .queue_time = 0.0001};
                            }),
                            {.faults = injected("slow-dependency=60")});
    auto first = provocation.connect();
    test::send(first, get("/page"));
    until([&] { return count(provocation.stops(), "admitted_requests_in_progress") == 1; });
    return provocation.seen(reason, provocation.ask(get("/page")));
  };
}

// A service beneath that always fails; what is repeated without end opens its breaker.
Seen on_a_failing_dependency(Reason reason, std::int64_t repeats) {
  const Service failing(service::hardened(),
                        {.threads = 1, .rows = 1, .faults = injected("fail=1")});
  const auto settings = with([=](Settings& s) {
    s.handle.deadline = 60;
    s.handle.retry = {.most = repeats, .budget = 1000, .pause = 0, .jitter = false};
    s.handle.breaker.pause = 3600;
  });
  Provocation provocation(settings,
                          {.dependencies = {{.name = "failing", .replicas = {failing.port()}}}});
  return provocation.seen(reason, provocation.ask(get("/page")));
}

constexpr std::int64_t many_rows = 60000;

Settings with_one_worker() {
  return with([](Settings& s) {
    s.handle.workers = 1;
    s.handle.queue_limit = 1;
    s.handle.deadline = 3600;
    s.drain.await_writes = false;
  });
}

// A report keeps the one worker, a part of an export the one place in the queue.
Seen beyond_the_queue(Reason reason) {
  constexpr int tries = 10;
  for (int i = 1;; ++i) {
    Provocation provocation(with_one_worker(), {.rows = many_rows});
    auto report = provocation.connect();
    test::send(report, get("/report"));
    until([&] { return count(provocation.stops(), "queries_total") == 1; });
    auto exported = provocation.connect();
    test::send(exported, get("/export.csv"));
    (void)test::receive(exported, 1);
    auto answer = provocation.ask(get("/orders?limit=1"));
    if (answer.find(" 503 ") != std::string::npos || i == tries) {
      return provocation.seen(reason, std::move(answer));
    }
  }
}

// A report keeps the one worker, and a part of an export the queue from being empty, for longer
// than a burst may last.
Seen too_long_in_the_queue(Reason reason) {
  constexpr int tries = 10;
  auto settings = with_one_worker();
  settings.handle.queue_limit = 100;
  settings.handle.queue_time = 0.0001;
  for (int i = 1;; ++i) {
    Provocation provocation(settings, {.rows = 10 * many_rows});
    auto report = provocation.connect();
    test::send(report, get("/report"));
    until([&] { return count(provocation.stops(), "queries_total") == 1; });
    auto exported = provocation.connect();
    test::send(exported, get("/export.csv"));
    (void)test::receive(exported, 1);
    std::this_thread::sleep_for(150ms);
    auto answer = provocation.ask(get("/orders?limit=1"));
    if (answer.find(" 503 ") != std::string::npos || i == tries) {
      return provocation.seen(reason, std::move(answer));
    }
  }
}

Seen by_one_who_does_not_read(Reason reason) {
  Provocation provocation(with([](Settings& s) {
                            s.drain.write_timeout = 0.05;
                            s.drain.send_buffer = 4096;
                          }),
                          {.rows = many_rows});
  auto socket = provocation.connect();
  test::send(socket, get("/export.csv"));
  return provocation.seen(reason, "");
}

// What no client can make happen, over a real connection and the service's own stops.
class OwnWalk {
 public:
  explicit OwnWalk(const std::string& request) {
    test::send(ends_.client, request);
    ends_.client.shutdown(tcp::socket::shutdown_send);
  }

  stops::Stops& stops() { return stops_; }
  tcp::socket socket() { return std::move(ends_.server); }
  // What is seen once a coroutine has walked.
  template <class WalkOver>
  Seen seen(WalkOver walk_over) {
    test::run(io_, std::move(walk_over));
    return {test::receive_all(ends_.client), service::report_json({&metrics_}),
            service::report_prometheus({&metrics_})};
  }

 private:
  asio::io_context io_;
  test::Ends ends_ = test::connected(io_);
  service::Settings settings_ = service::hardened();
  stops::Backend backend_{
      .store = std::make_shared<store::Store>(1, 1),
      .workers = std::make_shared<store::Workers>(store::WorkerLimits{.threads = 1}),
      .dependencies = {}};
  base::Log log_;
  stops::Metrics metrics_;
  faults::FaultClock clock_;
  base::Budget budget_{1 << 30};
  stops::Stops stops_{settings_, backend_, "let-me-in", {}, clock_, metrics_, log_, budget_};
};

// No endpoint of the service throws, or breaks its stream off, that a client could make do so.
Seen at_an_endpoint_of_its_own(const stops::Endpoint& endpoint) {
  OwnWalk walk(get("/broken"));
  walk.stops().router.add({.method = "GET", .pattern = "/broken", .endpoint = &endpoint});
  return walk.seen([&]() -> asio::awaitable<void> {
    co_await stops::walk_http1(walk.stops(), walk.socket(), Clock::duration());
  });
}

// The rest of a body for which there is no memory.
Seen at_a_body_without_memory(Reason /*reason*/) {
  const auto head = post("Content-Length: 9\r\n", "");
  OwnWalk walk(head);
  stops::Connection connection(walk.socket());
  http::Request request;
  stops::Http1Writer writer(connection, request);
  stops::Http1Caller caller(connection, writer);
  stops::fakes::FakeIncoming incoming({head});
  stops::fakes::FakeContent content;
  content.breaks = true;
  stops::Exchange exchange{.request = request,
                           .incoming = incoming,
                           .content = content,
                           .caller = caller,
                           .writer = writer};
  stops::Walk one(walk.stops(), exchange);
  return walk.seen([&]() -> asio::awaitable<void> {
    (void)co_await one.once();
    connection.close();
  });
}

asio::awaitable<http::Outcome<stops::Result>> throwing(stops::Resources& /*resources*/,
                                                       stops::Call /*call*/) {
  throw std::runtime_error("the handler is broken");
  co_return Reason::fault;
}

class BrokenRows final : public stops::RowSource {
 public:
  asio::awaitable<http::Outcome<std::vector<store::Order>>> next() override {
    co_return Reason::worker_queue;
  }
};

asio::awaitable<http::Outcome<stops::Result>> breaking(stops::Resources& /*resources*/,
                                                       stops::Call /*call*/) {
  co_return stops::Result(std::make_unique<BrokenRows>());
}

Seen asked_while_unready(Reason reason) {
  Provocation service;
  service.say_unready();
  return service.seen(reason, service.ask(get("/healthz")));
}

const std::map<Reason, Provoke>& provocations() {
  static const auto short_times = with([](Settings& s) {
    s.parse.head_timeout = 0.05;
    s.parse.body_timeout = 0.05;
  });
  static const auto small_limits = with([](Settings& s) {
    s.parse.request_line_limit = 64;
    s.parse.header_limit = 256;
    s.parse.header_count = 2;
    s.parse.body_limit = 8;
  });
  const std::string long_text(300, 'a');
  static const std::map<Reason, Provoke> all = {
      {Reason::max_connections, beyond_the_connections},
      {Reason::accept_queue_time,
       sent(get("/healthz"), with([](Settings& s) { s.accept.queue_time = 0.05; }),
            "stalled-acceptor=0.2/3600")},
      {Reason::tls_handshake, without_tls},
      {Reason::admission, beyond_the_admission(stops::AdmissionMethod::fixed)},
      {Reason::admission_queue_time, beyond_the_admission(stops::AdmissionMethod::codel)},
      {Reason::leaving, asked_while_unready},
      {Reason::bare_line_feed, sent("GET / HTTP/1.1\nHost: a\n\n")},
      {Reason::request_line_limit, sent(get("/" + long_text), small_limits)},
      {Reason::header_limit, sent(get("/", "A: " + long_text + "\r\n"), small_limits)},
      {Reason::header_count, sent(get("/", "A: b\r\nC: d\r\n"), small_limits)},
      {Reason::head_timeout, sent("GET /", short_times)},
      {Reason::request_line, sent("GET\r\nHost: a\r\n\r\n")},
      {Reason::method_token, sent("G(T / HTTP/1.1\r\nHost: a\r\n\r\n")},
      {Reason::version, sent("GET / HTTP/2.0\r\nHost: a\r\n\r\n")},
      {Reason::target, sent(get("/\x7f"))},
      {Reason::target_escape, sent(get("/%zz"))},
      {Reason::target_form, sent(get("*"))},
      {Reason::target_authority, sent(get("http://b/"))},
      {Reason::misdirected, sent(get("https://a/"))},
      {Reason::field_line, sent(get("/", "no colon\r\n"))},
      {Reason::field_name, sent(get("/", "A b: c\r\n"))},
      {Reason::field_value, sent(get("/", "A: \x01\r\n"))},
      {Reason::obs_fold, sent(get("/", " folded\r\n"))},
      {Reason::host, sent(get("/", "Host: b\r\n"))},
      {Reason::content_length, sent(post("Content-Length: 1x\r\n", ""))},
      {Reason::transfer_encoding, sent(post("Transfer-Encoding: gzip\r\n", ""))},
      {Reason::connection_names_framing, sent(get("/", "Connection: host\r\n"))},
      {Reason::repeated_field, sent(get("/", "Authorization: a\r\nAuthorization: b\r\n"))},
      {Reason::expectation, sent(get("/", "Expect: much\r\n"))},
      {Reason::body_limit, sent(post("Content-Length: 9\r\n", ""), small_limits)},
      {Reason::body_timeout, sent(post("Content-Length: 9\r\n", "abc"), short_times)},
      {Reason::byte_budget, beyond_the_budget},
      {Reason::parse_exception, at_a_body_without_memory},
      {Reason::chunk_size, sent(chunks("x\r\n"))},
      {Reason::chunk_extension, sent(chunks("1;=\r\n"))},
      {Reason::chunk_line, sent(chunks("1\rx"))},
      {Reason::chunk_end, sent(chunks("1\r\nab"))},
      {Reason::trailer_limit, sent(chunks("0\r\nA: " + std::string(5000, 'a')))},
      {Reason::trailer_line, sent(chunks("0\r\nA: b\rc"))},
      {Reason::trailer_field, sent(chunks("0\r\nHost: b\r\n"))},
      {Reason::http2_protocol, flooded(Reason::http2_protocol)},
      {Reason::http2_message,
       framed(test::frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, 1,
                          test::get_block("no-path")))},
      {Reason::http2_streams, beyond_the_streams},
      {Reason::http2_resets, flooded(Reason::http2_resets)},
      {Reason::http2_made_resets, flooded(Reason::http2_made_resets)},
      {Reason::http2_pings, flooded(Reason::http2_pings)},
      {Reason::http2_settings, flooded(Reason::http2_settings)},
      {Reason::http2_priorities, flooded(Reason::http2_priorities)},
      {Reason::http2_empty_frames, flooded(Reason::http2_empty_frames)},
      {Reason::http2_window_updates, flooded(Reason::http2_window_updates)},
      {Reason::http2_continuations, flooded(Reason::http2_continuations)},
      {Reason::http2_acknowledgements,
       framed(test::frame(NGHTTP2_PING, 0, 0, std::string(8, 'p')) +
                  test::frame(NGHTTP2_PING, 0, 0, std::string(8, 'p')) +
                  test::frame(NGHTTP2_PING, 0, 0, std::string(8, 'p')),
              with([](Settings& s) { s.parse.http2.acknowledgements = 1; }))},
      {Reason::path_form, sent(get("/../healthz"))},
      {Reason::odd_path, sent(get("//healthz"), with([](Settings& s) {
                                s.route.odd_paths = stops::OddPaths::refuse;
                              }))},
      {Reason::no_route, sent(get("/nothing"))},
      {Reason::method_unknown, sent("BREW /healthz HTTP/1.1\r\nHost: a\r\n\r\n")},
      {Reason::method_not_allowed, sent("DELETE /healthz HTTP/1.1\r\nHost: a\r\n\r\n")},
      {Reason::unauthenticated, sent("POST /admin/wipe HTTP/1.1\r\nHost: a\r\n\r\n")},
      {Reason::rate_limit, beyond_the_rate},
      {Reason::middleware_exception, sent(get("/healthz", "Authorization: Bearer none\r\n"),
                                          service::hardened(), "failing-layer=1")},
      {Reason::query, sent(get("/orders?limit=none"))},
      {Reason::no_user, sent(get("/users/somebody"))},
      {Reason::no_dependency, sent(get("/page?of=nobody"))},
      {Reason::deadline_header, sent(get("/page", "X-Request-Deadline-Ms: soon\r\n"))},
      {Reason::deadline, sent(get("/page", "X-Request-Deadline-Ms: 20\r\n"), service::hardened(),
                              "slow-dependency=60")},
      {Reason::dependency_failed, [](Reason r) { return on_a_failing_dependency(r, 0); }},
      {Reason::dependency_stopped, [](Reason r) { return on_a_failing_dependency(r, 1000); }},
      {Reason::worker_queue, beyond_the_queue},
      {Reason::worker_queue_time, too_long_in_the_queue},
      {Reason::fault, sent(get("/page"), service::hardened(), "fail=1")},
      {Reason::handle_exception,
       [](Reason) { return at_an_endpoint_of_its_own({"throwing", throwing}); }},
      {Reason::serialize_exception,
       [](Reason) { return at_an_endpoint_of_its_own({"spoiled", stops::fakes::spoiled}); }},
      {Reason::write_timeout, by_one_who_does_not_read},
      {Reason::stream_broken,
       [](Reason) { return at_an_endpoint_of_its_own({"breaking", breaking}); }},
  };
  return all;
}

class RefusalReasons : public ::testing::TestWithParam<http::ReasonInfo> {};

TEST_P(RefusalReasons, IsCountedOnceAtItsStop) {
  const auto& about = GetParam();
  const auto provoke = provocations().find(about.reason);
  ASSERT_NE(provoke, provocations().end()) << "nothing here provokes " << about.name;
  const auto seen = provoke->second(about.reason);
  if (about.status != 0) {
    EXPECT_EQ(seen.answer.substr(0, 13), "HTTP/1.1 " + std::to_string(about.status) + " ")
        << seen.answer;
    EXPECT_TRUE(seen.answer.ends_with("\r\n\r\n" + std::string(about.name) + "\n")) << seen.answer;
    EXPECT_EQ(seen.answer.find("Connection: close") != std::string::npos, about.ends_connection);
    EXPECT_EQ(seen.answer.find("Retry-After") != std::string::npos, about.retry_after > 0);
  }
  EXPECT_EQ(refused(seen.stops, about), 1U) << seen.stops;
  EXPECT_EQ(refused(seen.stops), 1U) << seen.stops;
  // Every reason has its line, and this one alone is above nought.
  for (const auto& each : http::reasons) {
    if (http::refuses(each.reason)) {
      const auto line = "\nsevenstops_stop_refused_total{stop=\"" +
                        std::string(base::stop_names[base::index(each.stop)]) + "\",reason=\"" +
                        std::string(each.name) + "\"} " +
                        (each.reason == about.reason ? "1\n" : "0\n");
      EXPECT_NE(seen.metrics.find(line), std::string::npos) << line;
    }
  }
}

std::vector<http::ReasonInfo> refusing() {
  std::vector<http::ReasonInfo> all;
  for (const auto& about : http::reasons) {
    if (http::refuses(about.reason)) {
      all.push_back(about);
    }
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(EveryReason, RefusalReasons, ::testing::ValuesIn(refusing()),
                         [](const auto& each) {
                           return std::string(base::stop_names[base::index(each.param.stop)]) +
                                  "_" + std::string(each.param.name);
                         });

// What ends without an answer was not refused.
class NothingRefused : public ::testing::Test {
 protected:
  // The counters once every connection has ended.
  std::string after(const std::string& bytes, bool leaves, const std::string& fault = "seed=1") {
    asio::io_context io;
    const Service service(settings, {.threads = 1, .rows = 1, .faults = injected(fault)});
    auto socket = test::connect(io, service.port());
    test::send(socket, bytes);
    const auto ready = [&] {
      const auto stops = service.stops_json();
      return count(stops, "connections_open") == 1 &&
             (fault == "seed=1" || count(stops, "work_in_progress") == 1);
    };
    EXPECT_TRUE(!leaves || until(ready));
    if (leaves) {
      socket.close();
    } else {
      (void)test::receive_all(socket);
    }
    EXPECT_TRUE(until([&] {
      const auto stops = service.stops_json();
      return count(stops, "connections_open") == 0 && count(stops, "work_in_progress") == 0;
    }));
    return service.stops_json();
  }

  Settings settings = service::hardened();
};

TEST_F(NothingRefused, WhereAConnectionWasIdle) {
  settings.parse.idle_timeout = 0.05;
  EXPECT_EQ(refused(after("", false)), 0U);
  EXPECT_EQ(refused(after(get("/healthz"), false)), 0U);
}

TEST_F(NothingRefused, WhereTheClientLeavesBeforeAHead) { EXPECT_EQ(refused(after("", true)), 0U); }

TEST_F(NothingRefused, WhereTheClientLeavesWithinAHead) {
  EXPECT_EQ(refused(after("GET / HTTP/1.1\r\nHo", true)), 0U);
}

TEST_F(NothingRefused, WhereTheClientLeavesWithinABody) {
  EXPECT_EQ(refused(after(post("Content-Length: 9\r\n", "abc"), true)), 0U);
}

TEST_F(NothingRefused, WhereTheClientLeavesWithinAPage) {
  settings.handle.deadline = 60;
  const auto stops = after(get("/page"), true, "slow-dependency=60");
  EXPECT_EQ(refused(stops), 0U);
  EXPECT_EQ(count(stops, "work_cancelled_total"), 1U);
  EXPECT_EQ(count(stops, "walks_broken_total"), 0U);
}

}  // namespace
}  // namespace sevenstops
